//! A packet as the user says it, with what he leaves out left out.

use std::net::IpAddr;

use super::connection::{Connection, Direction, State};
use crate::model::Family;

/// Who sends or receives a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// The host that the rules are on.
    Host,
    /// Whoever has this address.
    Address(IpAddr),
}

impl Endpoint {
    /// Its address, where it is said.
    #[must_use]
    pub const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Host => None,
            Self::Address(address) => Some(address),
        }
    }
}

/// The protocol of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// ICMP, of whichever family the rules are.
    Icmp,
    /// By its number.
    Number(u8),
}

/// A type of ICMP and its code, by the families that have one so called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct IcmpType {
    /// Type and code in IPv4.
    pub ipv4: Option<(u8, u8)>,
    /// Type and code in IPv6.
    pub ipv6: Option<(u8, u8)>,
}

/// A packet.
///
/// Every field may be left out. What is then assumed, the trace says ([`Trace::assumed`](super::Trace::assumed)):
///
/// | field | what is assumed |
/// | --- | --- |
/// | `in_interface` | the one by which the source is reached; the uplink where the source is left out too |
/// | `out_interface` | as routed; given without `in_interface`, the host itself sends the packet |
/// | `source` | an outside address (`198.51.100.7`, `2001:db8:6::7`), or one in the network behind `in_interface`; the host's own where it sends |
/// | `destination` | the host, or an outside address where the host sends |
/// | `protocol` | ICMP where a type is given, else TCP |
/// | `source_port` | 40000 |
/// | `destination_port` | 40000 where the source port is given; else it must be said |
/// | `icmp` | an echo request |
/// | `tcp_flags` | `SYN` for a new connection, `ACK` for one that stands |
/// | `state` | NEW; for what can begin no connection INVALID, and UNTRACKED for IPv6's neighbour discovery |
/// | `mark`, `connection_mark`, `tos` | 0 |
/// | `ttl`, `length`, `mac` | unknown |
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packet {
    /// The family, where it is said by itself.
    pub family: Option<Family>,
    /// The interface by which it comes in.
    pub in_interface: Option<String>,
    /// The interface by which it leaves.
    pub out_interface: Option<String>,
    /// Who sends it.
    pub source: Option<Endpoint>,
    /// Who is to receive it.
    pub destination: Option<Endpoint>,
    /// Its protocol.
    pub protocol: Option<Protocol>,
    /// Its source port.
    pub source_port: Option<u16>,
    /// Its destination port.
    pub destination_port: Option<u16>,
    /// Its type, for ICMP.
    pub icmp: Option<IcmpType>,
    /// Its flags, for TCP, as in the header: FIN is 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32.
    pub tcp_flags: Option<u8>,
    /// What connection tracking makes of it.
    pub state: Option<State>,
    /// Whether it goes the way of its connection's first packet, or answers.
    pub direction: Option<Direction>,
    /// Its mark.
    pub mark: Option<u32>,
    /// Its connection's mark.
    pub connection_mark: Option<u32>,
    /// How many hops it has left.
    pub ttl: Option<u8>,
    /// Its type of service.
    pub tos: Option<u8>,
    /// How many bytes it has, its header included.
    pub length: Option<u16>,
    /// The hardware address that sent it.
    pub mac: Option<[u8; 6]>,
    /// The connection that it belongs to, as another packet's trace left it.
    pub connection: Option<Box<Connection>>,
}

impl Packet {
    /// A packet of which nothing is said.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The families that it can be of: one, if an address or its protocol says so.
    #[must_use]
    pub fn families(&self) -> &'static [Family] {
        match self.fixed_family() {
            Some(Family::Ipv4) => &[Family::Ipv4],
            Some(Family::Ipv6) => &[Family::Ipv6],
            None => &[Family::Ipv4, Family::Ipv6],
        }
    }

    /// The family that something of it names.
    fn fixed_family(&self) -> Option<Family> {
        self.told_families().next().or_else(|| self.protocol_family())
    }

    /// The families that it names or that its addresses are of.
    pub(super) fn told_families(&self) -> impl Iterator<Item = Family> {
        let addresses = [self.source, self.destination].into_iter().flatten().filter_map(Endpoint::address);
        self.family.into_iter().chain(addresses.map(super::address::family))
    }

    const fn protocol_family(&self) -> Option<Family> {
        match (self.protocol, self.icmp) {
            (Some(Protocol::Number(crate::model::value::protocol::ICMPV6)), _)
            | (_, Some(IcmpType { ipv4: None, ipv6: Some(_) })) => Some(Family::Ipv6),
            (_, Some(IcmpType { ipv4: Some(_), ipv6: None })) => Some(Family::Ipv4),
            _ => None,
        }
    }
}
