//! Matches as questions.
//!
//! What a packet cannot tell (rates, sets whose members are not known, the time) is asked all the same, and the answer is
//! that it is unknown.

use super::network;
use crate::model::Family;
use crate::model::extension::{Given, Instance};
use crate::model::spec::Part;
use crate::model::value::{Value, mac, mask, number, port, protocol, tos};
use crate::simulate::addrtype::{self, Limit};
use crate::simulate::answer::{Answer, End};
use crate::simulate::connection::Direction;
use crate::simulate::conntrack;
use crate::simulate::test::{Ask, Asker, ReversePath, Test};

/// Appends what a match asks.
pub(super) fn compile(part: &Part<'_>, tests: &mut Vec<Test>) {
    let Some(instance) = part.instance() else {
        let asker = Asker::Named(part.name().into());
        tests.push(Test { ask: Ask::Always(Answer::Unknown), negated: false, asker });
        return;
    };
    let mut questions = Questions { instance: &instance, tests };
    match instance.extension.name {
        // They hold whatever the packet is.
        "comment" | "nfacct" => {}
        "tcp" | "udp" | "udplite" | "sctp" | "dccp" | "multiport" => questions.ports(),
        "icmp" | "icmp6" => questions.each(icmp),
        "conntrack" | "state" => questions.each(conntracked),
        "mark" => questions.each(|given| Some(packed(given, Ask::Mark))),
        "connmark" => questions.each(|given| Some(packed(given, Ask::ConnectionMark))),
        "addrtype" => questions.address_types(),
        "iprange" => questions.each(range),
        "tos" => questions
            .each(|given| tos::parse(&given.argument).ok().map(|(value, mask)| Ask::Tos(value, mask))),
        "dscp" => questions.each(code_point),
        "ttl" | "hl" => questions.each(hops),
        "length" => questions.each(length),
        "mac" => questions.each(|given| mac::parse(given.argument.text()).map(Ask::Mac)),
        "pkttype" => questions.each(kind),
        "rpfilter" => questions.reverse_path(),
        "owner" => questions.each(|_| Some(Ask::Owner)),
        "physdev" => questions.each(|given| Some(physical(given))),
        "set" => questions.set(),
        // No packet here goes by IPsec.
        "policy" => questions.policy(),
        // No packet here has headers of extension.
        "frag" | "dst" | "hbh" | "rt" | "srh" => questions.push(Ask::Always(Answer::No), false),
        _ => questions.unknown(),
    }
}

struct Questions<'q, 's> {
    instance: &'q Instance<'s>,
    tests: &'q mut Vec<Test>,
}

impl Questions<'_, '_> {
    fn push(&mut self, ask: Ask, negated: bool) {
        self.tests.push(Test { ask, negated, asker: Asker::Match(self.instance.extension.name) });
    }

    fn unknown(&mut self) {
        self.push(Ask::Always(Answer::Unknown), false);
    }

    /// One question for each option; an option that says nothing that a packet tells is unknown.
    fn each(&mut self, question: impl Fn(&Given<'_>) -> Option<Ask>) {
        for given in self.instance.own().filter_map(|used| self.instance.given(used)) {
            let ask = question(&given).unwrap_or(Ask::Always(Answer::Unknown));
            self.push(ask, given.negated);
        }
    }

    fn ports(&mut self) {
        self.each(|given| {
            let end = match given.option.long {
                "sport" | "sports" => End::Source,
                "dport" | "dports" => End::Destination,
                "ports" => End::Either,
                "tcp-flags" => return tcp_flags(&given.value()),
                "syn" => return Some(Ask::Flags(0x17, 0x02)),
                _ => return None,
            };
            if let Value::PortRange(reading) = given.option.value {
                let range = port::range(reading, given.argument.text()).ok()?;
                return Some(Ask::Ports(end, Box::new([range])));
            }
            let ranges = given.value();
            let ranges: Option<Box<[_]>> = ranges.split(',').map(ports).collect();
            ranges.map(|ranges| Ask::Ports(end, ranges))
        });
    }

    fn address_types(&mut self) {
        let limit = match (self.instance.has("limit-iface-in"), self.instance.has("limit-iface-out")) {
            (true, _) => Limit::In,
            (_, true) => Limit::Out,
            _ => Limit::Any,
        };
        for (long, end) in [("src-type", End::Source), ("dst-type", End::Destination)] {
            if let Some(given) = self.instance.get(long) {
                let ask = addrtype::Ask { end, types: bits(&given), limit };
                self.push(Ask::AddressType(ask), given.negated);
            }
        }
    }

    fn reverse_path(&mut self) {
        let has = |long: &str| self.instance.has(long);
        let ask = ReversePath { loose: has("loose"), accept_local: has("accept-local") };
        self.push(Ask::ReversePath(ask), has("invert"));
    }

    /// Only sets of one dimension are looked up, and only without conditions on their counters.
    fn set(&mut self) {
        let Some(given) = self.instance.get("match-set") else { return self.unknown() };
        let name = given.argument.text().to_owned();
        let plain = self.instance.own().count() == 1;
        let ask = match given.argument.second.as_deref() {
            Some("src") if plain => Ask::Set(name.as_str().into(), End::Source),
            Some("dst") if plain => Ask::Set(name.as_str().into(), End::Destination),
            _ => Ask::Always(Answer::Unknown),
        };
        let asker = Asker::Named(format!("set {name}").into());
        self.tests.push(Test { ask, negated: given.negated, asker });
    }

    fn policy(&mut self) {
        let none = self.instance.get("pol").is_some_and(|given| given.argument.text() == "none");
        self.push(Ask::Always(Answer::of(none)), false);
    }
}

/// The bits of the names that an option lists.
fn bits(given: &Given<'_>) -> u32 {
    match given.option.value {
        Value::Flags(flags) => flags.bits(given.argument.text(), &given.argument).unwrap_or(0),
        _ => 0,
    }
}

/// `from:to`, or one number for both.
fn pair(text: &str) -> (&str, &str) {
    text.split_once(':').unwrap_or((text, text))
}

fn ports(text: &str) -> Option<(u16, u16)> {
    let (from, to) = pair(text);
    Some((from.parse().ok()?, to.parse().ok()?))
}

const FLAGS: [(&str, u8); 7] =
    [("FIN", 1), ("SYN", 2), ("RST", 4), ("PSH", 8), ("ACK", 16), ("URG", 32), ("NONE", 0)];

fn tcp_flags(value: &str) -> Option<Ask> {
    let (mask, set) = value.split_once(' ')?;
    let bits = |names: &str| {
        let bit = |name: &str| FLAGS.iter().find(|(known, _)| *known == name).map_or(0, |(_, bit)| *bit);
        names.split(',').map(bit).fold(0, |bits, bit| bits | bit)
    };
    Some(Ask::Flags(bits(mask), bits(set)))
}

fn icmp(given: &Given<'_>) -> Option<Ask> {
    let value = given.value();
    if value == "any" {
        return Some(Ask::Icmp(255, (0, 255)));
    }
    match value.split_once('/') {
        Some((kind, code)) => {
            let code = code.parse().ok()?;
            Some(Ask::Icmp(kind.parse().ok()?, (code, code)))
        }
        None => Some(Ask::Icmp(value.parse().ok()?, (0, 255))),
    }
}

fn packed(given: &Given<'_>, ask: fn(u32, u32) -> Ask) -> Ask {
    mask::parse(&given.argument).map_or(Ask::Always(Answer::Unknown), |(value, mask)| ask(value, mask))
}

fn conntracked(given: &Given<'_>) -> Option<Ask> {
    use conntrack::Part::{OriginalDestination, OriginalSource, ReplyDestination, ReplySource};
    let address = |part| {
        let (address, mask) = network(&given.value(), given.argument.family)?;
        Some(conntrack::Ask::Address(part, address, mask))
    };
    let port = |part| {
        let value = given.value();
        let (from, to) = ports(&value)?;
        Some(conntrack::Ask::Port(part, from, to))
    };
    let ask = match given.option.long {
        "ctstate" | "state" => Some(conntrack::Ask::States(bits(given))),
        "ctproto" => given.value().parse().ok().map(conntrack::Ask::Protocol),
        "ctorigsrc" => address(OriginalSource),
        "ctorigdst" => address(OriginalDestination),
        "ctreplsrc" => address(ReplySource),
        "ctrepldst" => address(ReplyDestination),
        "ctorigsrcport" => port(OriginalSource),
        "ctorigdstport" => port(OriginalDestination),
        "ctreplsrcport" => port(ReplySource),
        "ctrepldstport" => port(ReplyDestination),
        "ctstatus" => Some(conntrack::Ask::Statuses(bits(given))),
        "ctexpire" => Some(conntrack::Ask::Expiry),
        "ctdir" if given.value() == "REPLY" => Some(conntrack::Ask::Direction(Direction::Reply)),
        "ctdir" => Some(conntrack::Ask::Direction(Direction::Original)),
        _ => None,
    };
    ask.map(Ask::Conntrack)
}

fn range(given: &Given<'_>) -> Option<Ask> {
    let end = if given.option.long == "src-range" { End::Source } else { End::Destination };
    let value = given.value();
    let (from, to) = value.split_once('-')?;
    let one = |text: &str| Some(network(text, given.argument.family)?.0);
    Some(Ask::Range(end, one(from)?, one(to)?))
}

fn code_point(given: &Given<'_>) -> Option<Ask> {
    let point = number::whole(&given.value(), 0, 63)?;
    Some(Ask::Tos(u8::try_from(point << 2).ok()?, 0xfc))
}

fn hops(given: &Given<'_>) -> Option<Ask> {
    let hops = given.value().parse().ok()?;
    match given.option.long.rsplit('-').next()? {
        "eq" => Some(Ask::Hops(hops, hops)),
        "lt" => Some(hops.checked_sub(1).map_or(Ask::Always(Answer::No), |last| Ask::Hops(0, last))),
        "gt" => Some(hops.checked_add(1).map_or(Ask::Always(Answer::No), |first| Ask::Hops(first, u8::MAX))),
        _ => None,
    }
}

fn length(given: &Given<'_>) -> Option<Ask> {
    let value = given.value();
    let (from, to) = ports(&value)?;
    Some(Ask::Length(from, to))
}

fn kind(given: &Given<'_>) -> Option<Ask> {
    match given.value().as_str() {
        "unicast" => Some(Ask::Unicast),
        "broadcast" => Some(Ask::Broadcast),
        "multicast" => Some(Ask::Multicast),
        // What is meant for other hosts comes to no rule.
        "otherhost" => Some(Ask::Always(Answer::No)),
        _ => None,
    }
}

fn physical(given: &Given<'_>) -> Ask {
    if given.option.long == "physdev-is-bridged" { Ask::Bridged } else { Ask::Port }
}

/// The protocol of ICMP in `family`.
pub(in crate::simulate) const fn icmp_of(family: Family) -> u8 {
    match family {
        Family::Ipv4 => protocol::ICMP,
        Family::Ipv6 => protocol::ICMPV6,
    }
}
