//! What a rule asks of a packet, and the answer: yes, no, or that the packet does not say.

use super::address::Subnet;
use super::answer::{Answer, End};
use super::flow::{Flow, Link, Mark};
use super::scene::Scene;
use super::{addrtype, conntrack};
use crate::model::value::protocol::{ICMP, ICMPV6};

/// The name of an interface, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    text: Box<str>,
    prefix: bool,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        match text.strip_suffix('+') {
            Some(text) => Self { text: text.into(), prefix: true },
            None => Self { text: text.into(), prefix: text.is_empty() },
        }
    }

    fn fits(&self, name: &str) -> bool {
        if self.prefix { name.starts_with(&*self.text) } else { name == &*self.text }
    }

    /// The name, where it is a whole one.
    pub(super) fn exact(&self) -> Option<&str> {
        (!self.prefix).then_some(&*self.text)
    }
}

/// What is compared.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Protocol(u8),
    /// Address and mask.
    Address(End, u128, u128),
    /// First and last address.
    Range(End, u128, u128),
    In(Pattern),
    Out(Pattern),
    Ports(End, Box<[(u16, u16)]>),
    /// Which flags are looked at, and which of them must be set.
    Flags(u8, u8),
    /// The type, and the first and last code.
    Icmp(u8, (u8, u8)),
    /// Value and mask.
    Mark(u32, u32),
    ConnectionMark(u32, u32),
    Conntrack(conntrack::Ask),
    AddressType(addrtype::Ask),
    Tos(u8, u8),
    /// First and last number of hops.
    Hops(u8, u8),
    Length(u16, u16),
    Mac([u8; 6]),
    Unicast,
    Broadcast,
    Multicast,
    ReversePath(ReversePath),
    /// Whether a socket of this host sent it; what of it is asked, only the host knows.
    Owner,
    /// What the port of the bridge is asked, of a packet that is on none.
    Port,
    /// Whether a bridge passes it on.
    Bridged,
    Set(Box<str>, End),
    /// The same for all.
    Always(Answer),
}

/// What `-m rpfilter` asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReversePath {
    pub(super) loose: bool,
    pub(super) accept_local: bool,
}

/// A question with its `!`, and the match that asks it.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) ask: Ask,
    pub(super) negated: bool,
    /// The match's name; `set NAME` for an ipset.
    pub(super) asker: Asker,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// The rule itself.
    Rule,
    /// A match that is understood.
    Match(&'static str),
    /// A match that is not, or a set.
    Named(Box<str>),
}

impl Test {
    pub(super) fn answer(&self, flow: &Flow, scene: &Scene<'_>) -> Answer {
        self.ask.answer(flow, scene, self.negated)
    }
}

impl Ask {
    fn answer(&self, flow: &Flow, scene: &Scene<'_>, negated: bool) -> Answer {
        let plain = |answer: Answer| answer.negated(negated);
        match self {
            Self::Conntrack(ask) => ask.answer(flow, negated),
            // A packet without a connection has no mark of one that could differ.
            Self::ConnectionMark(..) if !flow.has_connection() => Answer::No,
            Self::Owner if !flow.local => Answer::of(negated),
            Self::Owner => Answer::Unknown,
            // Of a packet that is on no bridge, the kernel answers as if only the `!` counted.
            Self::Port if may_be_on_bridge(flow, scene) => Answer::Unknown,
            Self::Port => Answer::of(negated),
            Self::Ports(..) | Self::Flags(..) | Self::Icmp(..) if self.is_of_other_protocol(flow) => {
                Answer::No
            }
            _ => plain(self.holds(flow, scene)),
        }
    }

    /// A match of a protocol never sees packets of others, whatever its `!` says.
    fn is_of_other_protocol(&self, flow: &Flow) -> bool {
        match self {
            Self::Ports(..) => !flow.has_ports(),
            Self::Flags(..) => flow.protocol != crate::model::value::protocol::TCP,
            _ => !matches!(flow.protocol, ICMP | ICMPV6),
        }
    }

    fn holds(&self, flow: &Flow, scene: &Scene<'_>) -> Answer {
        let header = &flow.header;
        match self {
            Self::Protocol(number) => Answer::of(flow.protocol == *number),
            Self::Address(End::Source, address, mask) => Answer::of(header.source & mask == *address),
            Self::Address(_, address, mask) => Answer::of(header.destination & mask == *address),
            Self::Range(End::Source, from, to) => Answer::of((from..=to).contains(&&header.source)),
            Self::Range(_, from, to) => Answer::of((from..=to).contains(&&header.destination)),
            Self::In(pattern) => Answer::of(pattern.fits(scene.name_of(flow.into))),
            Self::Out(pattern) => Answer::of(pattern.fits(scene.name_of(flow.out))),
            Self::Ports(end, ranges) => Answer::of(ports(*end, ranges, flow)),
            Self::Flags(mask, set) => Answer::of(flow.flags & mask == *set),
            Self::Icmp(255, _) if flow.protocol == ICMP => Answer::Yes,
            Self::Icmp(kind, (from, to)) => {
                Answer::of(flow.icmp.0 == *kind && (*from..=*to).contains(&flow.icmp.1))
            }
            Self::Mark(value, mask) => mark(flow.mark, *value, *mask),
            Self::ConnectionMark(value, mask) => mark(flow.tracked.mark, *value, *mask),
            Self::AddressType(ask) => ask.answer(flow, scene),
            Self::Tos(value, mask) => Answer::of(flow.tos & mask == *value),
            Self::Hops(from, to) => known(flow.ttl, *from, *to),
            Self::Length(from, to) => known(flow.length, *from, *to),
            Self::Mac(mac) => flow.mac.map_or(Answer::Unknown, |own| Answer::of(own == *mac)),
            Self::Unicast | Self::Broadcast | Self::Multicast => self.kind(flow, scene),
            Self::ReversePath(ask) => ask.holds(flow, scene),
            Self::Bridged => Answer::of(flow.bridged),
            Self::Set(name, end) => set(name, *end, flow, scene),
            Self::Always(answer) => *answer,
            Self::Conntrack(_) | Self::Owner | Self::Port => Answer::No,
        }
    }

    /// Whom the frame is for: the host's own packets, and those that are routed, are for one.
    fn kind(&self, flow: &Flow, scene: &Scene<'_>) -> Answer {
        let to = flow.header.destination;
        let multicast = !flow.local && super::facts::is_multicast(to, scene.family);
        let broadcast = !flow.local && !multicast && scene.facts.is_broadcast(to, scene.family);
        Answer::of(match self {
            Self::Multicast => multicast,
            Self::Broadcast => broadcast,
            _ => !multicast && !broadcast,
        })
    }
}

fn ports(end: End, ranges: &[(u16, u16)], flow: &Flow) -> bool {
    let within = |port: u16| ranges.iter().any(|(from, to)| (*from..=*to).contains(&port));
    let header = &flow.header;
    match end {
        End::Source => within(header.source_port),
        End::Destination => within(header.destination_port),
        End::Either => within(header.source_port) || within(header.destination_port),
    }
}

fn mark(found: Mark, value: u32, mask: u32) -> Answer {
    if (found.value & mask ^ value) & !found.unknown != 0 {
        Answer::No
    } else if found.unknown & mask != 0 {
        Answer::Unknown
    } else {
        Answer::Yes
    }
}

fn known<T: PartialOrd>(value: Option<T>, from: T, to: T) -> Answer {
    value.map_or(Answer::Unknown, |value| Answer::of((from..=to).contains(&value)))
}

fn may_be_on_bridge(flow: &Flow, scene: &Scene<'_>) -> bool {
    let bridge = |link: Option<Link>| scene.interface(link).is_some_and(|interface| interface.is_bridge);
    flow.bridged || (scene.facts.bridge_netfilter && (bridge(flow.into) || bridge(flow.out)))
}

fn set(name: &str, end: End, flow: &Flow, scene: &Scene<'_>) -> Answer {
    let Some(members) = scene.facts.sets.get(name) else { return Answer::Unknown };
    let address = match end {
        End::Source => flow.header.source,
        _ => flow.header.destination,
    };
    let holds = |net: &Subnet| net.family() == scene.family && net.holds(address);
    Answer::of(members.iter().any(holds))
}

impl ReversePath {
    fn holds(self, flow: &Flow, scene: &Scene<'_>) -> Answer {
        let source = flow.header.source;
        if scene.is_loopback(flow.into) {
            return Answer::Yes;
        }
        if scene.facts.is_local(source, scene.family) {
            return Answer::of(self.accept_local);
        }
        let way = scene.route(source);
        Answer::of(way.is_some_and(|link| self.loose || Some(link) == flow.into))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_bits_leave_a_mark_open_only_where_they_count() {
        let half = Mark { value: 0x10, unknown: 0x0f };
        assert_eq!(mark(half, 0x10, 0xf0), Answer::Yes);
        assert_eq!(mark(half, 0x20, 0xf0), Answer::No);
        assert_eq!(mark(half, 0x11, 0xff), Answer::Unknown);
        assert_eq!(mark(half, 0x21, 0xff), Answer::No);
    }

    #[test]
    fn patterns_end_in_plus() {
        assert!(Pattern::new("eth+").fits("eth0"));
        assert!(Pattern::new("+").fits(""));
        assert!(!Pattern::new("eth0").fits(""));
        assert_eq!(Pattern::new("eth0").exact(), Some("eth0"));
    }
}
