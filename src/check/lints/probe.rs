//! Packets that lints ask about, and whether a rule matches them. What a probe leaves open may be anything.

use std::net::IpAddr;

use super::condition::{Condition, Test, state};
use crate::docker;
use crate::model::Family;
use crate::model::value::address::Address;
use crate::model::value::protocols::{ICMP, ICMPV6, TCP};

/// Ports that no rule is likely to name.
const PORTS: (u16, u16) = (45_679, 45_678);

/// The interface of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::check) enum Link {
    /// None, as packets of INPUT have none that they leave by.
    None,
    /// Loopback.
    Loopback,
    /// The uplink, whatever its name is.
    Outside,
    /// The interface of this name.
    Named(String),
}

/// A packet.
#[derive(Clone, Debug)]
pub(in crate::check) struct Probe {
    family: Family,
    into: Link,
    out: Link,
    protocol: u8,
    ports: Option<(u16, u16)>,
    icmp: Option<(u8, u8)>,
    state: u8,
    source: Option<Address>,
    destination: Option<Address>,
}

/// How a rule answers a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::check) enum Answer {
    /// It does not match.
    No,
    /// That depends on what the probe leaves open.
    Maybe,
    /// It matches.
    Yes,
}

impl Answer {
    const fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    const fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

impl Probe {
    /// The first packet of a TCP connection from nobody in particular to a port that no rule is likely to name.
    pub(in crate::check) const fn new(family: Family, into: Link, out: Link) -> Self {
        Self {
            family,
            into,
            out,
            protocol: TCP,
            ports: Some(PORTS),
            icmp: None,
            state: state::NEW,
            source: None,
            destination: None,
        }
    }

    /// One that comes to this host from outside.
    pub(in crate::check) const fn incoming(family: Family) -> Self {
        Self::new(family, Link::Outside, Link::None)
    }

    /// One that this host sends to the outside.
    pub(in crate::check) const fn outgoing(family: Family) -> Self {
        Self::new(family, Link::None, Link::Outside)
    }

    /// The same from somewhere that no list of addresses is likely to name.
    #[expect(clippy::wrong_self_convention, reason = "it says where the packet is from")]
    pub(in crate::check) fn from_anyone(self) -> Self {
        let source = match self.family {
            Family::Ipv4 => Address::V4 { address: 0x9161_279b, mask: u32::MAX },
            Family::Ipv6 => {
                Address::V6 { address: 0x2a0d_5600_0041_0007_0000_0000_0000_9b27, mask: u128::MAX }
            }
        };
        Self { source: Some(source), ..self }
    }

    /// The same from and to this address.
    pub(in crate::check) fn between(self, source: Address, destination: Address) -> Self {
        Self { source: Some(source), destination: Some(destination), ..self }
    }

    /// The same of this protocol, to this port.
    #[expect(clippy::wrong_self_convention, reason = "it says where the packet goes to")]
    pub(in crate::check) fn to_port(self, protocol: u8, port: u16) -> Self {
        Self { protocol, ports: Some((PORTS.0, port)), icmp: None, ..self }
    }

    /// The same as ICMP of this type and code.
    pub(in crate::check) fn icmp(self, kind: u8, code: u8) -> Self {
        let protocol = match self.family {
            Family::Ipv4 => ICMP,
            Family::Ipv6 => ICMPV6,
        };
        Self { protocol, ports: None, icmp: Some((kind, code)), ..self }
    }

    /// The same in this state of its connection.
    pub(in crate::check) fn in_state(self, state: u8) -> Self {
        Self { state, ..self }
    }

    /// Whether it meets all of these.
    pub(in crate::check) fn meets(&self, conditions: &[Condition]) -> Answer {
        conditions.iter().map(|condition| self.answer(condition)).min().unwrap_or(Answer::Yes)
    }

    fn answer(&self, condition: &Condition) -> Answer {
        let answer = self.ask(&condition.test);
        // Ports and types are asked of the protocols that have them alone, negated or not.
        if condition.negated && !self.lacks(&condition.test) { answer.not() } else { answer }
    }

    fn lacks(&self, test: &Test) -> bool {
        match test {
            Test::SourcePorts(_) | Test::DestinationPorts(_) => self.ports.is_none(),
            Test::Flags(_) => self.protocol != TCP,
            Test::Icmp(..) => self.icmp.is_none(),
            _ => false,
        }
    }

    /// Whether its source or destination is in the range that an option of `iprange` names.
    fn in_range(&self, option: &str) -> Answer {
        let (own, text) = match option.split_once(' ') {
            Some(("src-range", text)) => (self.source, text),
            Some(("dst-range", text)) => (self.destination, text),
            _ => return Answer::Maybe,
        };
        let own = own.map(|own| match own {
            Address::V4 { address, .. } => IpAddr::from(address.to_be_bytes()),
            Address::V6 { address, .. } => IpAddr::from(address.to_be_bytes()),
        });
        match own.zip(range(text)) {
            Some((own, (from, to))) => Answer::of((from..=to).contains(&own)),
            None => Answer::Maybe,
        }
    }

    fn ask(&self, test: &Test) -> Answer {
        match test {
            Test::Protocol(number) => Answer::of(*number == self.protocol),
            Test::Source(addresses) => within(self.source, addresses),
            Test::Destination(addresses) => within(self.destination, addresses),
            Test::In(name) => on(&self.into, name),
            Test::Out(name) => on(&self.out, name),
            Test::SourcePorts(ranges) => Answer::of(self.ports.is_some_and(|(port, _)| holds(ranges, port))),
            Test::DestinationPorts(ranges) => {
                Answer::of(self.ports.is_some_and(|(_, port)| holds(ranges, port)))
            }
            Test::States(states) => Answer::of(states & self.state != 0),
            // A new packet goes that way; of others it is not said.
            Test::Original(original) if self.state == state::NEW => Answer::of(*original),
            Test::Other { name, text, .. } if name == "iprange" => self.in_range(text),
            Test::Original(_) | Test::Other { .. } => Answer::Maybe,
            Test::Flags(flags) => {
                Answer::of(self.protocol == TCP && has_flags(flags, self.state == state::NEW))
            }
            Test::Icmp(kind, code) => Answer::of(self.icmp.is_some_and(|(own, own_code)| {
                kind.is_none_or(|kind| kind == own) && code.is_none_or(|code| code == own_code)
            })),
        }
    }
}

/// The addresses of `192.0.2.1-192.0.2.9`.
fn range(text: &str) -> Option<(IpAddr, IpAddr)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some((from.parse().ok()?, to.parse().ok()?))
}

fn within(own: Option<Address>, addresses: &[Address]) -> Answer {
    own.map_or(Answer::Maybe, |own| Answer::of(addresses.iter().any(|address| address.contains(own))))
}

fn holds(ranges: &[(u16, u16)], port: u16) -> bool {
    ranges.iter().any(|(from, to)| (*from..=*to).contains(&port))
}

/// How interfaces begin that are no uplink; `br-` may be an uplink's bridge, and Docker's are told apart.
const INSIDE: [&str; 5] = ["docker", "veth", "virbr", "cni", "lxc"];

/// Whether an interface that a rule names is no uplink.
fn is_inside(name: &str) -> bool {
    name == "lo" || docker::is_generated(name) || INSIDE.iter().any(|head| name.starts_with(head))
}

/// Whether the interface that a rule names, `+` at its end for any that begins so, is this one.
fn on(link: &Link, name: &str) -> Answer {
    let is = |own: &str| match name.strip_suffix('+') {
        Some(head) => Answer::of(own.starts_with(head)),
        None => Answer::of(own == name),
    };
    match link {
        // A rule that asks for an interface where there is none never matches.
        Link::None => Answer::of(name == "+"),
        Link::Loopback => is("lo"),
        Link::Named(own) => is(own),
        Link::Outside if name == "+" => Answer::Yes,
        Link::Outside if is_inside(name) => Answer::No,
        Link::Outside => Answer::Maybe,
    }
}

/// Whether a packet that begins a connection, or one in the middle of it, has `MASK SET` of TCP's flags.
fn has_flags(text: &str, begins: bool) -> bool {
    let (mask, set) = text.split_once(' ').unwrap_or((text, ""));
    let own = if begins { "SYN" } else { "ACK" };
    let names = |list: &str, name: &str| list.split(',').any(|each| each == name || each == "ALL");
    let all = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];
    all.iter().filter(|flag| names(mask, flag)).all(|flag| names(set, flag) == (**flag == *own))
}

#[cfg(test)]
mod tests {
    use super::super::condition::conditions;
    use super::*;
    use crate::model::spec::Spec;

    #[test]
    fn rules_answer_by_what_the_probe_says() {
        let probe = Probe::incoming(Family::Ipv4).to_port(TCP, 443).from_anyone();
        let cases = [
            ("", Answer::Yes),
            ("-p tcp", Answer::Yes),
            ("-p tcp --syn", Answer::Yes),
            ("-p tcp ! --syn", Answer::No),
            ("-p udp", Answer::No),
            ("-p tcp --dport 443", Answer::Yes),
            ("-p tcp ! --dport 443", Answer::No),
            ("-p tcp -m multiport ! --dports 80,8080", Answer::Yes),
            ("-s 192.0.2.0/24", Answer::No),
            ("! -s 192.0.2.0/24", Answer::Yes),
            ("-d 192.0.2.0/24", Answer::Maybe),
            ("-i lo", Answer::No),
            ("! -i lo", Answer::Yes),
            ("-i eth0", Answer::Maybe),
            ("-i docker0", Answer::No),
            ("-i br-0e12e0305ba0", Answer::No),
            ("-i br-+", Answer::No),
            ("-i br-lan", Answer::Maybe),
            ("-m iprange --src-range 192.0.2.1-192.0.2.9", Answer::No),
            ("-m iprange ! --src-range 192.0.2.1-192.0.2.9", Answer::Yes),
            ("-m iprange ! --src-range 145.97.39.1-145.97.39.255", Answer::No),
            ("-m iprange ! --dst-range 192.0.2.1-192.0.2.9", Answer::Maybe),
            ("-m conntrack --ctstate RELATED,ESTABLISHED", Answer::No),
            ("-m conntrack ! --ctstate ESTABLISHED", Answer::Yes),
            ("-m conntrack --ctdir ORIGINAL", Answer::Yes),
            ("-m limit --limit 3/min", Answer::Maybe),
            ("-p icmp --icmp-type 8", Answer::No),
            ("-p tcp --dport 80 -m limit --limit 3/min", Answer::No),
        ];
        for (rule, answer) in cases {
            let conditions = conditions(&Spec::parse(rule, Family::Ipv4).unwrap());
            assert_eq!(probe.meets(&conditions), answer, "{rule}");
        }
    }
}
