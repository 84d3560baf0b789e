//! What became of a packet, and on which way.

use std::fmt;
use std::net::IpAddr;

use super::connection::{Connection, Direction, State};
use super::effect::{Step, rule_text};
use super::packet::{Endpoint, IcmpType, Packet, Protocol};
use crate::model::value::protocol::{ICMP, ICMPV6};
use crate::model::{ChainId, Family, RuleId, Ruleset, TableName};

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
