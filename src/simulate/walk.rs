//! The simulator: a ruleset and a host, ready for packets.

use super::address::address;
use super::assume::Assumption;
use super::chains::Chains;
use super::connection::{Connection, Direction, State};
use super::explore::{Guide, explore};
use super::facts::Facts;
use super::flow::Flow;
use super::outcome::{Outcome, Way};
use super::packet::Packet;
use super::resolve::{PacketFault, Start, resolve};
use super::scene::Scene;
use super::stage::Backend;
use super::trace::{Branch, Header, Trace, Verdict};
use crate::model::{Family, Ruleset};

/// A ruleset and a host, ready for packets.
///
/// Chains are read as packets reach them, and kept for the next; long ones get an index once several packets came by.
#[derive(Debug)]
pub struct Simulator<'r> {
    ruleset: &'r Ruleset,
    facts: Facts,
    backend: Backend,
    assumptions: Vec<Assumption>,
    chains: Chains,
}

impl<'r> Simulator<'r> {
    /// A simulator of `ruleset` on the host that `facts` are about.
    #[must_use]
    pub fn new(ruleset: &'r Ruleset, facts: Facts) -> Self {
        let chains = Chains::new(ruleset);
        Self { ruleset, facts, backend: Backend::default(), assumptions: Vec::new(), chains }
    }

    /// The same for rules that are loaded with `backend`.
    #[must_use]
    pub fn backend(self, backend: Backend) -> Self {
        Self { backend, ..self }
    }

    /// The same with those matches settled.
    #[must_use]
    pub fn assume(self, assumptions: Vec<Assumption>) -> Self {
        Self { assumptions, ..self }
    }

    /// The ruleset.
    #[must_use]
    pub const fn ruleset(&self) -> &'r Ruleset {
        self.ruleset
    }

    /// What is known of the host.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Follows `packet`.
    ///
    /// A packet of an established connection that says nothing of what its connection was rewritten to is taken for the
    /// second one of the connection that the same packet would have begun.
    ///
    /// # Errors
    /// Where the packet cannot be: of the other family, or without a port that its protocol needs.
    pub fn trace(&self, packet: &Packet) -> Result<Trace, PacketFault> {
        let stands = packet.state == Some(State::Established)
            && packet.connection.is_none()
            && packet.direction.unwrap_or_default() == Direction::Original;
        if !stands {
            return self.follow(packet);
        }
        let first = self.follow(&Packet { state: Some(State::New), ..packet.clone() })?;
        let connection = first.connection.map(Box::new);
        self.follow(&Packet { connection, ..packet.clone() })
    }

    fn follow(&self, packet: &Packet) -> Result<Trace, PacketFault> {
        let family = self.ruleset.family();
        let mut scene = Scene::new(&self.facts, family);
        let Start { flow, assumed, forced_out } = resolve(packet, &mut scene)?;
        let guide = Guide {
            ruleset: self.ruleset,
            chains: &self.chains,
            backend: self.backend,
            assumptions: &self.assumptions,
            scene: &scene,
            forced_out,
        };
        let (ways, incomplete) = explore(&guide, flow);
        let verdict = if incomplete { Verdict::Depends } else { ways.verdict() };
        let depends_on = if verdict == Verdict::Depends { ways.dependencies() } else { Vec::new() };
        let each = ways.each();
        let connection = each.first().and_then(|way| connection(&way.outcome.flow, family));
        let name = |link| scene.name_of(Some(link)).to_owned();
        Ok(Trace {
            family,
            protocol: flow.protocol,
            icmp: flow.icmp,
            in_interface: flow.into.map(name),
            sent: header(&flow, family),
            verdict,
            branches: each.into_iter().map(|way| branch(way, family)).collect(),
            depends_on,
            assumed,
            connection,
            incomplete,
        })
    }
}

fn branch(way: Way<'_>, family: Family) -> Branch {
    let Outcome { fate, arrival, flow } = way.outcome;
    Branch {
        verdict: fate.verdict(),
        path: way.steps,
        given: way.given,
        header: header(flow, family),
        arrival: arrival.clone(),
    }
}

fn header(flow: &Flow, family: Family) -> Header {
    let port = |port: u16| flow.has_ports().then_some(port);
    Header {
        source: address(flow.header.source, family),
        source_port: port(flow.header.source_port),
        destination: address(flow.header.destination, family),
        destination_port: port(flow.header.destination_port),
    }
}

fn connection(flow: &Flow, family: Family) -> Option<Connection> {
    let tracked = &flow.tracked;
    flow.has_connection().then_some(Connection {
        family,
        protocol: flow.protocol,
        original: tracked.original,
        reply: tracked.reply,
        mark: tracked.mark.value,
        source_rewritten: tracked.source_rewritten,
        destination_rewritten: tracked.destination_rewritten,
    })
}
