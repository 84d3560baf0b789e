//! What becomes of a ruleset when dockerd starts anew, when a network is created and when a container starts.
//!
//! The prediction is about places as well: which rules are lost, and which stand before or behind Docker's own
//! afterwards. Source: moby's `libnetwork` (`controller.go`, `drivers/bridge/setup_ip_tables.go`, `firewall_linux.go`),
//! and engines 20.10, 26.1 and 28.5 in the laboratory. The layouts of 28.0.0 and 29 and Swarm's chains are written out
//! from moby's documents and have not been seen.
//!
//! * It is a plain start: containers are stopped, and come back at their addresses. With `--live-restore` the rules of the
//!   default bridge and of containers in built-in chains stay where they are, and so does the jump to DOCKER-USER up to
//!   27; what is lost is the same.
//! * The engine keeps its networks in a map, so that their order in Docker's own chains differs from start to start.
//!   Here they stay in the order in which they are.

mod engine;
mod shape;
mod state;

pub use state::{After, ChainAfter};

use std::collections::HashMap;

use super::layout::{Layout, layout};
use crate::model::{RuleId, Ruleset};

/// Something that makes Docker write rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// dockerd starts (or is restarted).
    Start,
    /// `docker network create`.
    Network(Network),
    /// A container starts, with a published port.
    Container(Endpoint),
}

/// A network to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The name of its bridge, such as `br-0e12e0305ba0`.
    pub bridge: String,
    /// Its subnet, with the prefix: `172.21.0.0/16`.
    pub subnet: String,
    /// Whether it is cut off from the outside (`--internal`).
    pub internal: bool,
}

/// A published port to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The bridge of the container's network.
    pub bridge: String,
    /// The container's address, without a prefix.
    pub address: String,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// The container's port.
    pub port: u16,
    /// The host's port.
    pub host_port: u16,
}

/// What the ruleset, as scripts left it, is after `event`; none where there is nothing of Docker's.
#[must_use]
pub fn predict(ruleset: &Ruleset, event: &Event) -> Option<After> {
    let layout = layout(ruleset)?;
    Some(after(After::of(ruleset, layout), event))
}

fn after(mut state: After, event: &Event) -> After {
    match event {
        Event::Start => engine::start(&mut state),
        Event::Network(network) => engine::network(&mut state, network),
        Event::Container(endpoint) => engine::container(&mut state, endpoint),
    }
    state
}

/// Whether a prediction for this layout has been seen to hold on a real engine.
#[must_use]
pub const fn is_proved(layout: Layout) -> bool {
    matches!(layout, Layout::V19 | Layout::V28)
}

/// What becomes of a rule that is not Docker's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is gone: Docker flushes its chain.
    Lost,
    /// It stands behind rules of Docker's that it stood before.
    Behind,
    /// It stands before rules of Docker's that it stood behind.
    Before,
}

/// The rules that each of `events`, by itself, takes away, or past some of Docker's, in the order of their chains; empty
/// where there is no Docker.
#[must_use]
pub fn fates(ruleset: &Ruleset, events: &[Event]) -> Vec<Vec<(RuleId, Fate)>> {
    let Some(layout) = layout(ruleset) else { return vec![Vec::new(); events.len()] };
    let before = After::of(ruleset, layout);
    let now: Vec<(RuleId, usize)> = before.chains().iter().flat_map(ChainAfter::others).collect();
    events.iter().map(|event| between(&now, &after(before.clone(), event))).collect()
}

/// What became of the rules that stood behind as many of Docker's each.
fn between(now: &[(RuleId, usize)], after: &After) -> Vec<(RuleId, Fate)> {
    let then: HashMap<RuleId, usize> = after.chains().iter().flat_map(ChainAfter::others).collect();
    let moved = now.iter().filter_map(|(rule, now)| {
        let fate = match then.get(rule)?.cmp(now) {
            std::cmp::Ordering::Greater => Fate::Behind,
            std::cmp::Ordering::Less => Fate::Before,
            std::cmp::Ordering::Equal => return None,
        };
        Some((*rule, fate))
    });
    moved.chain(after.lost().iter().map(|rule| (*rule, Fate::Lost))).collect()
}
