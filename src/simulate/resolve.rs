//! A packet as it is sent: what the user left out is filled in, and noted.

use super::address::{Subnet, address, bits};
use super::compile::icmp_of;
use super::connection::{Direction, State, Tuple};
use super::facts::{Origin, is_loopback, is_multicast};
use super::flow::{Flow, Link, Mark, Tracked};
use super::packet::{Endpoint, Packet, Protocol};
use super::scene::{Known, Scene};
use super::trace::Assumed;
use crate::model::Family;
use crate::model::value::port::protocol_with_ports;
use crate::model::value::protocol::{self, ICMP, ICMPV6, TCP};

/// The port that a client sends from, where none is said.
const CLIENT_PORT: u16 = 40_000;

/// Why a packet cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketFault {
    /// Its addresses are of the other family.
    #[error("a packet of {} cannot meet rules of {}", .0.as_str(), .1.as_str())]
    Family(Family, Family),
    /// It names both.
    #[error("a packet is of one family, and this one's words say both")]
    Families,
    /// It has a protocol with ports, and none is said.
    #[error("a packet of {0} needs a port")]
    NoPort(String),
    /// A port is said, and the protocol has none.
    #[error("a packet of {0} has no ports")]
    StrayPort(String),
    /// A type of ICMP is said, and the protocol is another, or the family has no such type.
    #[error("a packet of {0} has no such type of ICMP")]
    StrayType(String),
    /// It is said to come in, from an address of the host's.
    #[error("a packet that comes in by `{0}` cannot be from the host itself")]
    FromHost(String),
}

impl PacketFault {
    /// The stable code.
    pub const CODE: &'static str = "bad-packet";

    /// What to do.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Family(..) => "give addresses of the family, or trace with the other family's rules",
            Self::Families => "give `src`, `dst` and `family` of the same family",
            Self::NoPort(_) => "say it, as in `dport=443`",
            Self::StrayPort(_) => "leave `sport` and `dport` out, or say `proto=tcp`",
            Self::StrayType(_) => "leave `icmp-type` out, or say `proto=icmp`",
            Self::FromHost(_) => "leave `in` out for a packet of the host's own, or give another `src`",
        }
    }
}

/// A packet before its first station.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) flow: Flow,
    pub(super) assumed: Vec<Assumed>,
    /// The interface that the user says it leaves by.
    pub(super) forced_out: Option<Link>,
}

/// Fills in what is left out.
pub(super) fn resolve(packet: &Packet, scene: &mut Scene<'_>) -> Result<Start, PacketFault> {
    let family = scene.family;
    if let [only] = packet.families()
        && *only != family
    {
        return Err(PacketFault::Family(*only, family));
    }
    if packet.told_families().any(|told| told != family) {
        return Err(PacketFault::Families);
    }
    let mut filling = Filling { packet, scene, assumed: Vec::new() };
    let protocol = filling.protocol();
    let (source_port, destination_port) = filling.ports(protocol)?;
    let icmp = filling.icmp(protocol)?;
    let route = filling.endpoints()?;
    let state = filling.state(protocol, icmp);
    let Endpoints { source, destination, into, out, forced_out } = route;
    let header = Tuple { source, destination, source_port, destination_port };
    let bridged = filling.is_bridged(&header, into);
    let flow = Flow {
        protocol,
        header,
        icmp,
        flags: packet.tcp_flags.unwrap_or(if state == State::Established { 0x10 } else { 0x02 }),
        tos: packet.tos.unwrap_or(0),
        ttl: packet.ttl,
        length: packet.length,
        mac: packet.mac,
        mark: Mark::known(packet.mark.unwrap_or(0)),
        into,
        out,
        route: out,
        local: into.is_none(),
        bridged,
        tracked: tracked(packet, header, state),
        seen: false,
    };
    Ok(Start { flow, assumed: filling.assumed, forced_out })
}

/// Without a connection of its own, the packet's is one that nobody rewrote.
fn tracked(packet: &Packet, header: Tuple, state: State) -> Tracked {
    let direction = packet.direction.unwrap_or_default();
    let original = match direction {
        Direction::Original => header,
        Direction::Reply => header.inverse(),
    };
    let known = packet.connection.as_deref();
    let mark = packet.connection_mark.or(known.map(|known| known.mark)).unwrap_or(0);
    Tracked {
        state,
        direction,
        original: known.map_or(original, |known| known.original),
        reply: known.map_or(original.inverse(), |known| known.reply),
        mark: Mark::known(mark),
        source_rewritten: known.is_some_and(|known| known.source_rewritten),
        destination_rewritten: known.is_some_and(|known| known.destination_rewritten),
        destination_asked: false,
        source_asked: false,
        confirmed: state == State::Established,
    }
}

struct Endpoints {
    source: u128,
    destination: u128,
    into: Option<Link>,
    out: Option<Link>,
    forced_out: Option<Link>,
}

struct Filling<'p, 's, 'f> {
    packet: &'p Packet,
    scene: &'s mut Scene<'f>,
    assumed: Vec<Assumed>,
}

impl Filling<'_, '_, '_> {
    fn assume(&mut self, what: &str, value: &impl ToString, why: &'static str) {
        self.assumed.push(Assumed { what: what.to_owned(), value: value.to_string(), why });
    }

    fn protocol(&mut self) -> u8 {
        let icmp = icmp_of(self.scene.family);
        match (self.packet.protocol, self.packet.icmp) {
            (Some(Protocol::Number(number)), _) => number,
            (Some(Protocol::Icmp), _) | (None, Some(_)) => icmp,
            (None, None) => {
                self.assume("proto", &"tcp", "no protocol is said");
                TCP
            }
        }
    }

    fn ports(&mut self, number: u8) -> Result<(u16, u16), PacketFault> {
        let name = || protocol::name(number);
        let (source, destination) = (self.packet.source_port, self.packet.destination_port);
        if protocol_with_ports(number).is_none() {
            let none = source.is_none() && destination.is_none() || matches!(number, ICMP | ICMPV6);
            return if none { Ok((0, 0)) } else { Err(PacketFault::StrayPort(name())) };
        }
        let client = "the port of a client";
        match (source, destination) {
            (Some(source), Some(destination)) => Ok((source, destination)),
            (None, Some(destination)) => {
                self.assume("sport", &CLIENT_PORT, client);
                Ok((CLIENT_PORT, destination))
            }
            (Some(source), None) => {
                self.assume("dport", &CLIENT_PORT, client);
                Ok((source, CLIENT_PORT))
            }
            (None, None) => Err(PacketFault::NoPort(name())),
        }
    }

    fn icmp(&mut self, number: u8) -> Result<(u8, u8), PacketFault> {
        let family = self.scene.family;
        if number != icmp_of(family) {
            let stray = || PacketFault::StrayType(protocol::name(number));
            return self.packet.icmp.map_or(Ok((0, 0)), |_| Err(stray()));
        }
        let echo = match family {
            Family::Ipv4 => (8, 0),
            Family::Ipv6 => (128, 0),
        };
        let Some(said) = self.packet.icmp else {
            self.assume("icmp-type", &"echo-request", "no type is said");
            return Ok(echo);
        };
        let of_family = match family {
            Family::Ipv4 => said.ipv4,
            Family::Ipv6 => said.ipv6,
        };
        of_family.ok_or_else(|| PacketFault::StrayType(family.as_str().to_owned()))
    }

    /// The state that is said, or the one that connection tracking gives to the first packet of its kind.
    fn state(&mut self, number: u8, icmp: (u8, u8)) -> State {
        if let Some(state) = self.packet.state {
            return state;
        }
        let (state, why) = match (number, icmp.0) {
            (ICMP, 8 | 13 | 15 | 17) | (ICMPV6, 128 | 139) => return State::New,
            (ICMPV6, 130..=136 | 143) => (State::Untracked, "neighbour discovery is not tracked"),
            (ICMP | ICMPV6, _) => (State::Invalid, "this type of ICMP begins no connection"),
            (TCP, _) if self.begins_nothing() => (State::Invalid, "these flags begin no connection"),
            _ => return State::New,
        };
        self.assume("ctstate", &state.as_str(), why);
        state
    }

    /// The kernel takes a SYN, and an ACK alone for one whose beginning it missed (`nf_conntrack_tcp_loose`).
    fn begins_nothing(&self) -> bool {
        const FIN: u8 = 1;
        const SYN: u8 = 2;
        const RST: u8 = 4;
        const ACK: u8 = 16;
        self.packet.tcp_flags.is_some_and(|flags| {
            let kind = flags & (FIN | SYN | RST | ACK);
            kind != SYN && kind != ACK && kind != FIN | ACK
        })
    }

    fn link(&mut self, name: &str) -> Link {
        let (link, known) = self.scene.link(name);
        if known == Known::Strange {
            self.assume(name, &"an interface without addresses", "the host is not known to have it");
        }
        link
    }

    fn endpoints(&mut self) -> Result<Endpoints, PacketFault> {
        let packet = self.packet;
        let into = packet.in_interface.as_deref().map(|name| self.link(name));
        let forced_out = packet.out_interface.as_deref().map(|name| self.link(name));
        let from_host = match packet.source {
            Some(Endpoint::Host) => true,
            Some(Endpoint::Address(source)) => self.scene.facts.is_local(bits(source), self.scene.family),
            None => into.is_none() && forced_out.is_some(),
        };
        let loopback = self.scene.is_loopback(into);
        match (into.filter(|_| !loopback), from_host) {
            (Some(_), true) if matches!(packet.source, Some(Endpoint::Host)) => {
                Err(PacketFault::FromHost(packet.in_interface.clone().unwrap_or_default()))
            }
            (None, true) => Ok(self.leaving(forced_out)),
            (None, false) if loopback => Ok(self.leaving(into)),
            (into, _) => Ok(self.entering(into, forced_out)),
        }
    }

    /// A packet of the host's own.
    fn leaving(&mut self, forced: Option<Link>) -> Endpoints {
        let family = self.scene.family;
        let loopback = self.scene.is_loopback(forced);
        let said = self.said(self.packet.destination, "dst");
        let destination = said.unwrap_or_else(|| {
            let to = if loopback { loopback_of(family) } else { self.far_end(forced) };
            self.assume("dst", &address(to, family), "no destination is said");
            to
        });
        let out = forced.filter(|_| !self.is_own(destination)).or_else(|| self.scene.route(destination));
        self.note_route(destination, out);
        let source = if let Some(Endpoint::Address(source)) = self.packet.source {
            bits(source)
        } else {
            let own = self.own_source(destination, out);
            self.assume("src", &address(own, family), "the host's address on that way");
            own
        };
        Endpoints { source, destination, into: None, out, forced_out: forced }
    }

    /// A packet that comes in.
    fn entering(&mut self, into: Option<Link>, forced_out: Option<Link>) -> Endpoints {
        let family = self.scene.family;
        let source = self.said(self.packet.source, "src");
        let into = into.unwrap_or_else(|| {
            let reached = source.and_then(|source| self.scene.route(source));
            let uplink = || self.scene.facts.uplink(family).map(super::scene::link);
            let link =
                reached.filter(|link| *link != Scene::LOOPBACK).or_else(uplink).unwrap_or(Scene::LOOPBACK);
            let name = self.scene.name_of(Some(link)).to_owned();
            self.assume("in", &name, if reached.is_some() { "the way to its source" } else { "the uplink" });
            link
        });
        let source = source.unwrap_or_else(|| {
            let from = self.neighbour(into);
            self.assume("src", &address(from, family), "no source is said");
            from
        });
        let destination = self.said(self.packet.destination, "dst").unwrap_or_else(|| {
            let to = match forced_out {
                Some(out) => self.neighbour(out),
                None => self.host_address(Some(into)),
            };
            let why = if forced_out.is_some() { "behind the interface it leaves by" } else { "the host" };
            self.assume("dst", &address(to, family), why);
            to
        });
        Endpoints { source, destination, into: Some(into), out: None, forced_out }
    }

    /// The address that an end is said to have.
    fn said(&mut self, end: Option<Endpoint>, what: &str) -> Option<u128> {
        match end? {
            Endpoint::Address(address) => Some(bits(address)),
            Endpoint::Host => {
                let into = self.packet.in_interface.as_deref().map(|name| self.scene.link(name).0);
                let own = self.host_address(into);
                self.assume(what, &address(own, self.scene.family), "an address of the host's");
                Some(own)
            }
        }
    }

    /// The host's address on an interface, or on its uplink.
    fn host_address(&self, link: Option<Link>) -> u128 {
        let family = self.scene.family;
        if self.scene.is_loopback(link) {
            return loopback_of(family);
        }
        let on_link = self.scene.interface(link).and_then(|interface| interface.source_for(0, family));
        let any = || self.scene.facts.own_address(family).map(|(_, address)| address);
        on_link.or_else(any).unwrap_or_else(|| loopback_of(family))
    }

    /// Someone behind an interface: in its network, or beyond.
    fn neighbour(&self, link: Link) -> u128 {
        let interface = self.scene.interface(Some(link));
        let is_uplink = self.scene.facts.uplink(self.scene.family) == Some(link.0 as usize);
        let near = interface.filter(|_| !is_uplink);
        let of_family = |net: &&Subnet| net.family() == self.scene.family;
        let net = near.and_then(|interface| interface.subnets().find(of_family));
        let free = |net: &Subnet| {
            let hosts = (2..6).map(|number| net.nth(number));
            hosts.into_iter().find(|host| !self.scene.facts.is_local(*host, self.scene.family))
        };
        net.and_then(free).unwrap_or_else(|| outside(self.scene.family))
    }

    fn far_end(&self, link: Option<Link>) -> u128 {
        link.map_or_else(|| outside(self.scene.family), |link| self.neighbour(link))
    }

    fn own_source(&self, destination: u128, out: Option<Link>) -> u128 {
        let family = self.scene.family;
        if self.is_own(destination) {
            return destination;
        }
        let route = self.scene.facts.route(destination, family).and_then(|way| way.route);
        if let Some(source) = route.and_then(|route| route.source) {
            return bits(source);
        }
        let gateway = route.and_then(|route| route.gateway).map_or(destination, bits);
        let on_link = self.scene.interface(out).and_then(|interface| interface.source_for(gateway, family));
        on_link.unwrap_or_else(|| self.host_address(None))
    }

    fn is_own(&self, address: u128) -> bool {
        self.scene.facts.is_local(address, self.scene.family)
    }

    /// Says so where the way was not told.
    fn note_route(&mut self, to: u128, out: Option<Link>) {
        let name = self.scene.name_of(out).to_owned();
        let known = self.scene.interface(out).map(|interface| interface.origin);
        if known == Some(Origin::Assumed) && !is_multicast(to, self.scene.family) {
            self.assume("uplink", &name, "nothing tells the host's interfaces");
        }
    }

    /// Whether a bridge passes the packet on by itself: both ends are on its network, and neither is the host.
    fn is_bridged(&self, header: &Tuple, into: Option<Link>) -> bool {
        let family = self.scene.family;
        let Some(bridge) = self.scene.interface(into).filter(|interface| interface.is_bridge) else {
            return false;
        };
        let on = |address: u128| {
            let near = bridge.subnets().any(|net| net.family() == family && net.holds(address));
            near && !self.is_own(address)
        };
        let apart = header.source != header.destination;
        apart && on(header.source) && on(header.destination) && !is_loopback(header.destination, family)
    }
}

const fn loopback_of(family: Family) -> u128 {
    match family {
        Family::Ipv4 => 0x7f00_0001,
        Family::Ipv6 => 1,
    }
}

/// An address of nobody's, from the ranges for documentation (RFC 5737, RFC 3849).
const fn outside(family: Family) -> u128 {
    match family {
        Family::Ipv4 => 0xc633_6407,
        Family::Ipv6 => 0x2001_0db8_0006_0000_0000_0000_0000_0007,
    }
}
