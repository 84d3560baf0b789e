//! `-m addrtype`: what kind of address the source or destination is to the host.

use super::answer::{Answer, End};
use super::facts::{is_loopback, is_multicast};
use super::flow::{Flow, Link};
use super::scene::Scene;
use crate::model::Family;

/// The bits of the types, as `--dst-type` names them.
const UNSPECIFIED: u32 = 1;
const UNICAST: u32 = 1 << 1;
const LOCAL: u32 = 1 << 2;
const BROADCAST: u32 = 1 << 3;
const ANYCAST: u32 = 1 << 4;
const MULTICAST: u32 = 1 << 5;
const UNREACHABLE: u32 = 1 << 7;
const PROHIBITED: u32 = 1 << 8;

/// Which interface the address must be on to count as the host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Any,
    In,
    Out,
}

/// The interface that an address must be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    Any,
    /// This one, or none at all.
    This(Option<Link>),
}

/// One of the match's two questions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) end: End,
    pub(super) types: u32,
    pub(super) limit: Limit,
}

impl Ask {
    pub(super) fn answer(self, flow: &Flow, scene: &Scene<'_>) -> Answer {
        let address = match self.end {
            End::Source => flow.header.source,
            _ => flow.header.destination,
        };
        let link = match self.limit {
            Limit::Any => On::Any,
            Limit::In => On::This(flow.into),
            Limit::Out => On::This(flow.out),
        };
        Answer::of(match scene.family {
            Family::Ipv4 => self.types & ipv4(address, scene, link) != 0,
            Family::Ipv6 => self.ipv6(address, scene, link),
        })
    }

    /// Every type that is named but those that a route decides must hold (`match_type6`, `net/netfilter/xt_addrtype.c`).
    fn ipv6(self, address: u128, scene: &Scene<'_>, link: On) -> bool {
        let types = self.types;
        let multicast = is_multicast(address, Family::Ipv6);
        if types & MULTICAST != 0 && !multicast
            || types & UNICAST != 0 && (multicast || address == 0)
            || types & UNSPECIFIED != 0 && address != 0
        {
            return false;
        }
        if types & (LOCAL | ANYCAST | PROHIBITED | UNREACHABLE) == 0 {
            return true;
        }
        let local = is_local(address, scene, link);
        let reached = local || scene.route(address).is_some();
        types & LOCAL != 0 && local || types & UNREACHABLE != 0 && !reached
    }
}

fn ipv4(address: u128, scene: &Scene<'_>, link: On) -> u32 {
    let shared = is_multicast(address, Family::Ipv4);
    if address == 0 || address == u128::from(u32::MAX) {
        BROADCAST
    } else if shared {
        MULTICAST
    } else if is_local(address, scene, link) {
        LOCAL
    } else if link == On::Any && scene.facts.is_broadcast(address, Family::Ipv4) {
        BROADCAST
    } else {
        UNICAST
    }
}

fn is_local(address: u128, scene: &Scene<'_>, link: On) -> bool {
    let On::This(link) = link else { return scene.facts.is_local(address, scene.family) };
    let on = scene.facts.local_interface(address, scene.family);
    let loopback = is_loopback(address, scene.family) && scene.is_loopback(link);
    loopback || on.is_some() && on == link.map(|link| link.0 as usize)
}
