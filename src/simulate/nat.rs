//! Rewriting of addresses and ports, as the kernel chooses them (`get_unique_tuple`, `net/netfilter/nf_nat_core.c`).

use super::action::Range;
use super::connection::Direction;
use super::facts::Facts;
use super::flow::{Flow, Link};
use super::scene::Scene;
use crate::model::{Family, Hook};

/// The most addresses or ports of a range that are followed each by itself.
const MOST: u128 = 16;

/// Whether the hook's nat table is asked for the destination; else it is for the source.
pub(super) const fn is_destination(hook: Hook) -> bool {
    matches!(hook, Hook::Prerouting | Hook::Output)
}

/// Whether the nat table at `hook` is asked about this packet: that is done once for each end of a connection.
pub(super) fn is_asked(flow: &Flow, hook: Hook) -> bool {
    use super::connection::State::{New, Related};
    let icmp =
        matches!(flow.protocol, crate::model::value::protocol::ICMP | crate::model::value::protocol::ICMPV6);
    let begins = flow.seen
        && match flow.tracked.state {
            New => true,
            // An error that is reported goes by the connection that it is about.
            Related => !icmp,
            _ => false,
        };
    let asked = if is_destination(hook) { flow.tracked.destination_asked } else { flow.tracked.source_asked };
    begins && !asked
}

/// Notes that the nat table at `hook` was asked.
pub(super) const fn note_asked(flow: &mut Flow, hook: Hook) {
    if is_destination(hook) {
        flow.tracked.destination_asked = true;
    } else {
        flow.tracked.source_asked = true;
    }
}

/// Puts into the packet what its connection is rewritten to.
pub(super) fn translate(flow: &mut Flow, hook: Hook) {
    if !flow.has_connection() {
        return;
    }
    let tracked = &flow.tracked;
    let (other, source, destination) = match tracked.direction {
        Direction::Original => (tracked.reply, tracked.source_rewritten, tracked.destination_rewritten),
        Direction::Reply => (tracked.original, tracked.destination_rewritten, tracked.source_rewritten),
    };
    let target = other.inverse();
    if is_destination(hook) {
        if destination {
            flow.header.destination = target.destination;
            flow.header.destination_port = target.destination_port;
        }
    } else if source {
        flow.header.source = target.source;
        flow.header.source_port = target.source_port;
    }
}

/// What a range makes of the packet: one outcome for each choice that the kernel has.
#[derive(Debug)]
pub(super) struct Choices {
    pub(super) flows: Vec<Flow>,
    /// Whether there are more choices than these.
    pub(super) more: bool,
}

/// Rewrites the destination, where that is what the hook is for, or the source.
pub(super) fn rewrite(flow: &Flow, range: &Range, hook: Hook) -> Choices {
    let destination = is_destination(hook);
    let (address, port) = if destination {
        (flow.header.destination, flow.header.destination_port)
    } else {
        (flow.header.source, flow.header.source_port)
    };
    let (ports, more_ports) =
        if flow.has_ports() { choose_port(range, port, destination) } else { (vec![port], false) };
    // A source that is in the range already stays as it is.
    let fits = |(from, to): (u128, u128)| (from..=to).contains(&address);
    let stays = !destination && !range.random && range.addresses.is_none_or(fits);
    let (addresses, more) = match range.addresses {
        Some((from, to)) if !stays => several(from, to),
        _ => (vec![address], false),
    };
    let both = addresses.iter().flat_map(|address| ports.iter().map(move |port| (*address, *port)));
    let flows = both.map(|(address, port)| with(flow, hook, address, port)).collect();
    Choices { flows, more: more || more_ports }
}

/// Whether an address that is not on a range of one is chosen by a hash: the first ones stand for all of a long range.
fn several(from: u128, to: u128) -> (Vec<u128>, bool) {
    if to.saturating_sub(from) < MOST { ((from..=to).collect(), false) } else { (vec![from, to], true) }
}

fn choose_port(range: &Range, port: u16, destination: bool) -> (Vec<u16>, bool) {
    let Some((from, to)) = range.ports else { return (vec![port], false) };
    if let Some(base) = range.base {
        let size = to.saturating_sub(from).checked_add(1);
        let offset = port.wrapping_sub(base);
        return (vec![from.wrapping_add(size.map_or(offset, |size| offset % size))], false);
    }
    if !range.random && (from..=to).contains(&port) {
        return (vec![port], false);
    }
    if destination && !range.random {
        return (vec![from], false);
    }
    let (ports, more) = several(from.into(), to.into());
    (ports.into_iter().filter_map(|port| u16::try_from(port).ok()).collect(), more)
}

/// The packet with its end at this hook rewritten, and its connection so noted.
pub(super) fn with(flow: &Flow, hook: Hook, address: u128, port: u16) -> Flow {
    let mut flow = *flow;
    let tracked = &mut flow.tracked;
    if is_destination(hook) {
        let changed = (address, port) != (flow.header.destination, flow.header.destination_port);
        (flow.header.destination, flow.header.destination_port) = (address, port);
        (tracked.reply.source, tracked.reply.source_port) = (address, port);
        tracked.destination_rewritten |= changed;
    } else {
        let changed = (address, port) != (flow.header.source, flow.header.source_port);
        (flow.header.source, flow.header.source_port) = (address, port);
        (tracked.reply.destination, tracked.reply.destination_port) = (address, port);
        tracked.source_rewritten |= changed;
    }
    note_asked(&mut flow, hook);
    flow
}

/// The address that MASQUERADE puts in: the one by which the packet leaves.
pub(super) fn leaving_address(flow: &Flow, scene: &Scene<'_>) -> Option<u128> {
    let link = flow.out?;
    let to = flow.header.destination;
    let way = scene.facts.route(to, scene.family).filter(|way| way.interface == link.0 as usize);
    let route = way.and_then(|way| way.route);
    let next = route.and_then(|route| route.gateway).map_or(to, super::address::bits);
    address_on(link, next, scene)
}

/// The address that REDIRECT puts in: loopback for what the host sends, else one of the interface it came in by.
pub(super) fn own_address(flow: &Flow, hook: Hook, scene: &Scene<'_>) -> Option<u128> {
    if hook == Hook::Output {
        return Some(match scene.family {
            Family::Ipv4 => 0x7f00_0001,
            Family::Ipv6 => 1,
        });
    }
    first_address(flow.into?, scene)
}

fn address_on(link: Link, towards: u128, scene: &Scene<'_>) -> Option<u128> {
    if scene.is_loopback(Some(link)) {
        return loopback_source(towards, scene);
    }
    let known = scene.interface(Some(link)).map(|interface| interface.source_for(towards, scene.family));
    known.unwrap_or_else(|| fallback(scene.facts, scene.family))
}

/// For packets that stay on the host, IPv6 takes the destination itself; IPv4 does not take loopback's address, which is
/// of the host alone, but the first of any interface (`inet_select_addr`, `net/ipv4/devinet.c`).
fn loopback_source(towards: u128, scene: &Scene<'_>) -> Option<u128> {
    match scene.family {
        Family::Ipv6 => Some(towards),
        Family::Ipv4 => {
            let mut others = scene.facts.interfaces().iter().skip(1);
            others.find_map(|interface| interface.source_for(0, Family::Ipv4))
        }
    }
}

fn first_address(link: Link, scene: &Scene<'_>) -> Option<u128> {
    let Some(interface) = scene.interface(Some(link)) else { return fallback(scene.facts, scene.family) };
    let mut own = interface.addresses.iter().filter(|own| own.family() == scene.family);
    own.next().map(|own| super::address::bits(own.address))
}

/// Of an interface that the facts do not know, any address of the host's must do.
fn fallback(facts: &Facts, family: Family) -> Option<u128> {
    facts.own_address(family).map(|(_, address)| address)
}
