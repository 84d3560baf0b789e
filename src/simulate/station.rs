//! What happens to a packet between the tables: connection tracking, routing, leaving, arriving.

use super::connection::Direction;
use super::facts::{is_loopback, is_multicast};
use super::flow::{Flow, Link};
use super::outcome::{Fate, Outcome};
use super::scene::Scene;
use super::stage::{Phase, Stage};
use super::trace::{Arrival, Loss};
use crate::model::Family;

/// Where a packet goes from a station.
#[derive(Debug)]
pub(super) enum Then {
    /// To the next one.
    Next,
    /// To the first one of another part of the way.
    Enter(Phase),
    /// Nowhere.
    End(Box<Outcome>),
}

fn lost(flow: &Flow, loss: Loss) -> Then {
    Then::End(Box::new(Outcome { fate: Fate::Lost(loss), arrival: None, flow: *flow }))
}

/// Where a packet begins.
pub(super) fn begin(flow: &Flow, scene: &Scene<'_>) -> Result<Stage, Box<Outcome>> {
    let accepted = |arrival| Box::new(Outcome { fate: Fate::Accepted, arrival, flow: *flow });
    let failed = |loss| Box::new(Outcome { fate: Fate::Lost(loss), arrival: None, flow: *flow });
    if flow.local {
        return if flow.out.is_some() { Ok(Stage::start(Phase::Output)) } else { Err(failed(Loss::NoRoute)) };
    }
    if flow.bridged && !scene.facts.bridge_netfilter {
        return Err(accepted(Some(Arrival::Interface(scene.name_of(flow.into).to_owned()))));
    }
    // IPv6 looks at these before any rule (`ip6_rcv_core`), unless a bridge shows them first; IPv4 when it routes.
    let loopback = |address| is_loopback(address, scene.family);
    let wire =
        scene.family == Family::Ipv6 && !scene.is_loopback(flow.into) && !is_seen_on_bridge(flow, scene);
    if wire && (loopback(flow.header.source) || loopback(flow.header.destination)) {
        return Err(failed(Loss::Martian));
    }
    Ok(Stage::start(Phase::Enter))
}

/// To this host, or on.
pub(super) fn route(flow: &mut Flow, scene: &Scene<'_>, forced: Option<Link>) -> Then {
    let (family, to) = (scene.family, flow.header.destination);
    if let Some(then) = by_bridge(flow, scene) {
        return then;
    }
    // What comes by loopback brings the route with it that it left by.
    if scene.is_loopback(flow.into) {
        return Then::Enter(Phase::Input);
    }
    if is_martian(flow, scene) {
        return lost(flow, Loss::Martian);
    }
    // IPv6 looks for `::1` on the very interface, and finds the way out (`rt6_need_strict`, `net/ipv6/route.c`).
    let strict = family == Family::Ipv6 && is_loopback(to, family);
    let own = scene.facts.is_local(to, family) && !strict;
    if own || is_multicast(to, family) || scene.facts.is_broadcast(to, family) {
        return Then::Enter(Phase::Input);
    }
    if !scene.facts.forwarding {
        return lost(flow, Loss::NoForwarding);
    }
    let way = || if strict { scene.default_route() } else { scene.route(to) };
    let Some(link) = forced.or_else(way) else { return lost(flow, Loss::NoRoute) };
    match flow.ttl {
        Some(0 | 1) => return lost(flow, Loss::Expired),
        Some(ttl) => flow.ttl = Some(ttl - 1),
        None => {}
    }
    flow.route = Some(link);
    flow.out = Some(link);
    Then::Enter(Phase::Forward)
}

/// Whether iptables sees what comes by the packet's interface while it still is the bridge's.
fn is_seen_on_bridge(flow: &Flow, scene: &Scene<'_>) -> bool {
    let bridge = scene.interface(flow.into).is_some_and(|interface| interface.is_bridge);
    bridge && scene.facts.bridge_netfilter
}

/// What a bridge does with a packet that iptables saw on it (`br_nf_pre_routing_finish`, `net/bridge`): one that stays on
/// its network it passes on by itself, even if rules gave it another destination there; others go up to the host.
fn by_bridge(flow: &mut Flow, scene: &Scene<'_>) -> Option<Then> {
    if !is_seen_on_bridge(flow, scene) {
        return None;
    }
    let to = flow.header.destination;
    let loopback = is_loopback(to, scene.family) || is_loopback(flow.header.source, scene.family);
    if loopback && scene.family == Family::Ipv6 {
        return Some(lost(flow, Loss::Martian));
    }
    let rewritten = to != sent_to(flow);
    let stays = flow.bridged && !rewritten;
    let comes_back = rewritten && !is_martian(flow, scene) && scene.route(to) == flow.into;
    flow.bridged = stays || comes_back;
    if !flow.bridged {
        return None;
    }
    let hairpin = scene.interface(flow.into).is_some_and(|interface| interface.hairpin);
    if to == flow.header.source && !hairpin {
        return Some(lost(flow, Loss::Hairpin));
    }
    flow.out = flow.into;
    flow.route = flow.into;
    Some(Then::Enter(Phase::Forward))
}

/// The destination before any rewriting.
const fn sent_to(flow: &Flow) -> u128 {
    match flow.tracked.direction {
        Direction::Original => flow.tracked.original.destination,
        Direction::Reply => flow.tracked.reply.destination,
    }
}

/// Whether the addresses cannot be, as IPv4 sees it (`ip_route_input_slow`, `net/ipv4/route.c`).
fn is_martian(flow: &Flow, scene: &Scene<'_>) -> bool {
    if scene.family == Family::Ipv6 {
        return false;
    }
    let header = &flow.header;
    let localnet = scene.interface(flow.into).is_some_and(|interface| interface.route_localnet);
    let loopback = |address| is_loopback(address, Family::Ipv4) && !localnet;
    let source = header.source;
    is_multicast(source, Family::Ipv4)
        || source == u128::from(u32::MAX)
        || source == 0 && header.destination != u128::from(u32::MAX)
        || loopback(source)
        || loopback(header.destination)
        || scene.facts.is_local(source, Family::Ipv4) && !is_loopback(source, Family::Ipv4)
}

/// A packet of the host's own whose destination was rewritten finds its way again.
pub(super) fn reroute(flow: &mut Flow, scene: &Scene<'_>) -> Then {
    if !flow.has_connection() || flow.header.destination == sent_to(flow) {
        return Then::Next;
    }
    let Some(link) = scene.route(flow.header.destination) else { return lost(flow, Loss::NoRoute) };
    let leaves = !scene.is_loopback(Some(link));
    let localnet = scene.interface(Some(link)).is_some_and(|interface| interface.route_localnet);
    let from_loopback = scene.family == Family::Ipv4 && is_loopback(flow.header.source, Family::Ipv4);
    if leaves && from_loopback && !localnet {
        return lost(flow, Loss::Martian);
    }
    flow.route = Some(link);
    Then::Next
}

/// The packet leaves: by loopback it comes in again.
pub(super) fn go(flow: &mut Flow, scene: &Scene<'_>) -> Then {
    flow.tracked.confirmed = true;
    if scene.is_loopback(flow.out) {
        flow.into = flow.out.take();
        flow.route = None;
        return Then::Enter(Phase::Enter);
    }
    let arrival = Some(Arrival::Interface(scene.name_of(flow.out).to_owned()));
    Then::End(Box::new(Outcome { fate: Fate::Accepted, arrival, flow: *flow }))
}

/// The packet is there.
pub(super) fn arrive(flow: &Flow) -> Then {
    Then::End(Box::new(Outcome { fate: Fate::Accepted, arrival: Some(Arrival::Host), flow: *flow }))
}
