//! What became of a packet, and on which way.

use std::fmt;
use std::net::IpAddr;

use super::connection::{Connection, Direction, State};
use super::packet::{Endpoint, IcmpType, Packet, Protocol};
use crate::model::value::protocol::{ICMP, ICMPV6};
use crate::model::{ChainId, Family, RuleId, Ruleset, TableName, equal};

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It arrives: at the host, or where it is routed to.
    Accept,
    /// A rule or a policy drops it.
    Drop,
    /// It is dropped and its sender told, in the words of `--reject-with`.
    Reject(Box<str>),
    /// No rule drops it, and it does not arrive all the same.
    Lost(Loss),
    /// It depends on what the packet does not say: see [`Trace::depends_on`].
    Depends,
}

impl Verdict {
    /// One word: `accept`, `drop`, `reject`, `lost` or `depends`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Drop => "drop",
            Self::Reject(_) => "reject",
            Self::Lost(_) => "lost",
            Self::Depends => "depends",
        }
    }

    /// Whether the packet arrives.
    #[must_use]
    pub const fn is_accept(&self) -> bool {
        matches!(self, Self::Accept)
    }

    /// Whether it surely does not.
    #[must_use]
    pub const fn is_drop(&self) -> bool {
        matches!(self, Self::Drop | Self::Reject(_) | Self::Lost(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reject(with) => write!(formatter, "reject with {with}"),
            Self::Lost(loss) => write!(formatter, "lost: {loss}"),
            _ => formatter.write_str(self.as_str()),
        }
    }
}

/// Why a packet that no rule drops does not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// No route leads to its destination.
    NoRoute,
    /// The host does not forward.
    NoForwarding,
    /// Its source cannot be: a loopback address on the wire, or one of the host's own.
    Martian,
    /// It has no hop left.
    Expired,
    /// A bridge does not send it out by the port that it came in by.
    Hairpin,
    /// What the rules rewrite it to has no address on the interface.
    NoAddress,
    /// The rules send it round in circles.
    Circle,
}

impl fmt::Display for Loss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoRoute => "no route leads there",
            Self::NoForwarding => "the host does not forward",
            Self::Martian => "a packet with these addresses cannot come by this interface",
            Self::Expired => "it has no hop left",
            Self::Hairpin => "the bridge does not send it back by the port that it came in by",
            Self::NoAddress => "the interface has no address to put in",
            Self::Circle => "the rules send it round in circles",
        })
    }
}

/// Where a packet that is accepted arrives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Arrival {
    /// At the host itself.
    Host,
    /// By this interface, at whoever is behind it.
    Interface(String),
}

/// What a rule did to the packet, or what the end of a chain did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It was counted, and nothing else.
    Counted,
    /// A target that changes nothing that rules see: `LOG`, say.
    Passed(Box<str>),
    /// A jump to this chain.
    Jumped(ChainId),
    /// A goto to this chain.
    WentTo(ChainId),
    /// `RETURN`: back to the chain that jumped here, or to the policy.
    Returned,
    /// No rule of the chain decided: back to the chain that jumped here.
    Ended,
    /// The policy of a built-in chain: to go on.
    PolicyAccepted,
    /// The policy of a built-in chain: to be gone.
    PolicyDropped,
    /// The table lets it go on.
    Accepted,
    /// It is gone.
    Dropped,
    /// It is gone, and its sender told.
    Rejected(Box<str>),
    /// It has this mark now.
    Marked(u32),
    /// Its connection has this mark now.
    ConnectionMarked(u32),
    /// It has a mark that nobody can say.
    MarkedSomehow,
    /// It is exempt from connection tracking.
    Untracked,
    /// Its destination is this now; the port stands where the protocol has ports.
    Destination(IpAddr, Option<u16>),
    /// Its source is this now.
    Source(IpAddr, Option<u16>),
    /// Its type of service, or how many hops it has left, was changed.
    Changed,
    /// Something beyond the rules decides: `NFQUEUE`, say.
    Handed(Box<str>),
}

impl Effect {
    /// The effect in words; `ruleset` names the chains.
    #[must_use]
    pub fn describe(&self, ruleset: &Ruleset) -> String {
        let endpoint = |address: &IpAddr, port: &Option<u16>| match (address, port) {
            (IpAddr::V4(address), Some(port)) => format!("{address}:{port}"),
            (IpAddr::V6(address), Some(port)) => format!("[{address}]:{port}"),
            (address, None) => address.to_string(),
        };
        match self {
            Self::Counted => "counted".to_owned(),
            Self::Passed(target) => format!("{target}, and on"),
            Self::Jumped(chain) => format!("jump to {}", ruleset.chain_name(*chain)),
            Self::WentTo(chain) => format!("goto {}", ruleset.chain_name(*chain)),
            Self::Returned => "return".to_owned(),
            Self::Ended => "end of chain: no rule decided, so it returns".to_owned(),
            Self::PolicyAccepted => "policy ACCEPT".to_owned(),
            Self::PolicyDropped => "policy DROP".to_owned(),
            Self::Accepted => "accept".to_owned(),
            Self::Dropped => "drop".to_owned(),
            Self::Rejected(with) => format!("reject with {with}"),
            Self::Marked(mark) => format!("mark {mark:#x}"),
            Self::ConnectionMarked(mark) => format!("connection mark {mark:#x}"),
            Self::MarkedSomehow => "a mark that the packet does not tell".to_owned(),
            Self::Untracked => "not tracked".to_owned(),
            Self::Destination(address, port) => format!("destination {}", endpoint(address, port)),
            Self::Source(address, port) => format!("source {}", endpoint(address, port)),
            Self::Changed => "header changed".to_owned(),
            Self::Handed(target) => format!("{target} decides"),
        }
    }
}

/// One step of a packet's way: a rule that matched, or the end of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The table.
    pub table: TableName,
    /// The chain.
    pub chain: ChainId,
    /// The rule's number in its chain, from 1 as `iptables -L --line-numbers` counts; 0 for the end of the chain.
    pub number: usize,
    /// The rule; none for the end of the chain.
    pub rule: Option<RuleId>,
    /// Which of the rules that the rule's lists of addresses stand for, from 0.
    pub part: u16,
    /// What it did.
    pub effect: Effect,
    /// Whether it is not sure that the rule matched, and what follows is the same either way.
    pub maybe: bool,
}

impl Step {
    /// The rule as iptables-save prints it, `-A CHAIN …`; the policy, or nothing, for the end of a chain.
    #[must_use]
    pub fn text(&self, ruleset: &Ruleset) -> String {
        let chain = ruleset.chain_name(self.chain);
        match self.rule {
            Some(rule) => rule_text(ruleset, chain, rule),
            None if ruleset.chain(self.chain).hook().is_some() => {
                format!("-P {chain} {}", ruleset.policy_word(self.chain))
            }
            None => String::new(),
        }
    }
}

pub(super) fn rule_text(ruleset: &Ruleset, chain: &str, rule: RuleId) -> String {
    let body = equal::canonical(ruleset.body(rule), ruleset.family());
    format!("-A {chain} {body}").trim_end().to_owned()
}

/// Something on which a verdict depends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The table of the rule.
    pub table: TableName,
    /// Its chain.
    pub chain: ChainId,
    /// Its number in the chain, from 1.
    pub number: usize,
    /// The rule.
    pub rule: RuleId,
    /// The matches, or the target, that decide by what the packet does not say: `limit`, `set banned`, `NFQUEUE`.
    pub names: Vec<String>,
    /// What becomes of the packet where they match; several where that depends on others. Of a target that decides, what
    /// it may decide.
    pub yes: Vec<Verdict>,
    /// What becomes of it where they do not.
    pub no: Vec<Verdict>,
}

impl Dependency {
    /// The rule as iptables-save prints it.
    #[must_use]
    pub fn text(&self, ruleset: &Ruleset) -> String {
        rule_text(ruleset, ruleset.chain_name(self.chain), self.rule)
    }
}

/// Addresses and ports of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Where it comes from.
    pub source: IpAddr,
    /// The source port, where the protocol has ports.
    pub source_port: Option<u16>,
    /// Where it goes.
    pub destination: IpAddr,
    /// The destination port, where the protocol has ports.
    pub destination_port: Option<u16>,
}

/// A value that nobody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// What it is: a word of the packet, or `uplink`, `address of docker0` and the like.
    pub what: String,
    /// The value.
    pub value: String,
    /// Why, in a few words.
    pub why: &'static str,
}

impl fmt::Display for Assumed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={} ({})", self.what, self.value, self.why)
    }
}

/// One way that a packet may go, where that depends on something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// What becomes of it.
    pub verdict: Verdict,
    /// Its way.
    pub path: Vec<Step>,
    /// The rules that are taken to match, or not to, by what the packet does not say.
    pub given: Vec<(RuleId, bool)>,
    /// Its addresses when it arrives, or when it is dropped.
    pub header: Header,
    /// Where it arrives; none where it does not.
    pub arrival: Option<Arrival>,
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    pub(super) family: Family,
    pub(super) protocol: u8,
    pub(super) icmp: (u8, u8),
    pub(super) in_interface: Option<String>,
    pub(super) sent: Header,
    pub(super) verdict: Verdict,
    /// The ways that it may go, the first of them with every unknown match taken not to match.
    pub(super) branches: Vec<Branch>,
    pub(super) depends_on: Vec<Dependency>,
    pub(super) assumed: Vec<Assumed>,
    pub(super) connection: Option<Connection>,
    /// Whether it was given up, the ways being too many.
    pub(super) incomplete: bool,
}

impl Trace {
    /// What becomes of the packet.
    #[must_use]
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Its way: every rule that matched, in order, and the end of each chain that was left by it. Where the verdict depends
    /// on something, the way on which each unknown match does not match; [`Trace::branches`] has the others.
    #[must_use]
    pub fn path(&self) -> &[Step] {
        self.branches.first().map_or(&[], |branch| &branch.path)
    }

    /// One way for each thing that may become of it.
    #[must_use]
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// What the verdict depends on, in the order of the walk; nothing where it is certain.
    #[must_use]
    pub fn depends_on(&self) -> &[Dependency] {
        &self.depends_on
    }

    /// Whether the ways that it may go were too many to follow them all; the verdict depends then.
    #[must_use]
    pub const fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// What was assumed of the packet and the host.
    #[must_use]
    pub fn assumed(&self) -> &[Assumed] {
        &self.assumed
    }

    /// Addresses and ports as it was sent.
    #[must_use]
    pub const fn sent(&self) -> Header {
        self.sent
    }

    /// Addresses and ports when it arrives, or is dropped.
    #[must_use]
    pub fn header(&self) -> Header {
        self.branches.first().map_or(self.sent, |branch| branch.header)
    }

    /// Addresses and ports when it arrives, where rules rewrote them.
    #[must_use]
    pub fn rewritten(&self) -> Option<Header> {
        Some(self.header()).filter(|header| *header != self.sent)
    }

    /// Where it arrives; none where it does not, or where that depends.
    #[must_use]
    pub fn arrival(&self) -> Option<&Arrival> {
        self.branches.first().filter(|_| self.verdict.is_accept())?.arrival.as_ref()
    }

    /// The family of the rules it went by.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The number of its protocol.
    #[must_use]
    pub const fn protocol(&self) -> u8 {
        self.protocol
    }

    /// The interface by which it came in; none where the host sent it.
    #[must_use]
    pub fn in_interface(&self) -> Option<&str> {
        self.in_interface.as_deref()
    }

    /// The connection that it began or belongs to; none where it is not tracked.
    #[must_use]
    pub const fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    /// The packet that answers this one, on the same connection, where this one is accepted.
    #[must_use]
    pub fn reply(&self) -> Option<Packet> {
        let connection = self.connection.as_ref()?;
        let (server, server_port) = connection.server();
        let (client, client_port) = connection.seen_client();
        let header = Header {
            source: server,
            source_port: Some(server_port),
            destination: client,
            destination_port: Some(client_port),
        };
        let packet = self.follow(connection, header, Direction::Reply);
        match self.arrival()? {
            Arrival::Host => Some(Packet { source: Some(Endpoint::Address(server)), ..packet }),
            Arrival::Interface(name) => Some(Packet { in_interface: Some(name.clone()), ..packet }),
        }
    }

    /// The next packet the same way, on the connection that stands by then.
    #[must_use]
    pub fn next(&self) -> Option<Packet> {
        let connection = self.connection.as_ref()?;
        let packet = self.follow(connection, self.sent, Direction::Original);
        Some(Packet { in_interface: self.in_interface.clone(), ..packet })
    }

    fn follow(&self, connection: &Connection, header: Header, direction: Direction) -> Packet {
        let echo =
            (matches!(self.protocol, ICMP | ICMPV6) && direction == Direction::Reply).then_some(IcmpType {
                ipv4: Some((0, 0)).filter(|_| self.family == Family::Ipv4),
                ipv6: Some((129, 0)).filter(|_| self.family == Family::Ipv6),
            });
        let same = IcmpType {
            ipv4: Some(self.icmp).filter(|_| self.family == Family::Ipv4),
            ipv6: Some(self.icmp).filter(|_| self.family == Family::Ipv6),
        };
        let is_icmp = matches!(self.protocol, ICMP | ICMPV6);
        Packet {
            family: Some(self.family),
            source: Some(Endpoint::Address(header.source)),
            destination: Some(Endpoint::Address(header.destination)),
            protocol: Some(if is_icmp { Protocol::Icmp } else { Protocol::Number(self.protocol) }),
            source_port: header.source_port,
            destination_port: header.destination_port,
            icmp: echo.or(is_icmp.then_some(same)),
            state: Some(State::Established),
            direction: Some(direction),
            connection: Some(Box::new(connection.clone())),
            ..Packet::new()
        }
    }
}
