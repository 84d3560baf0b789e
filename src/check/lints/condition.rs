//! What a rule asks of a packet, as conditions that can be compared with each other and asked of a probe.

use crate::model::Family;
use crate::model::spec::{Part, Spec};
use crate::model::value::address::Address;

/// One thing that a rule asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::check) struct Condition {
    /// Whether it asks for the opposite.
    pub(in crate::check) negated: bool,
    /// What it asks for.
    pub(in crate::check) test: Test,
}

/// What is asked of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::check) enum Test {
    /// The protocol's number.
    Protocol(u8),
    /// One of these sources.
    Source(Vec<Address>),
    /// One of these destinations.
    Destination(Vec<Address>),
    /// The interface it came in by.
    In(String),
    /// The interface it leaves by.
    Out(String),
    /// A source port in one of these ranges.
    SourcePorts(Vec<(u16, u16)>),
    /// A destination port in one of these ranges.
    DestinationPorts(Vec<(u16, u16)>),
    /// One of these states of its connection, as bits of [`state`].
    States(u8),
    /// Whether it goes the way of its connection's first packet.
    Original(bool),
    /// These flags of TCP, and which of them are set.
    Flags(String),
    /// This type of ICMP, and this code where one is named; no type is any.
    Icmp(Option<u8>, Option<u8>),
    /// Something else: the match's name and its option in canonical form.
    Other {
        /// The match.
        name: String,
        /// The option and its value.
        text: String,
        /// Whether the answer depends on more than the packet: packets that came before, time, or chance.
        fickle: bool,
    },
}

/// States of a connection, as bits.
pub(in crate::check) mod state {
    /// `INVALID`.
    pub(in crate::check) const INVALID: u8 = 1;
    /// `NEW`.
    pub(in crate::check) const NEW: u8 = 1 << 1;
    /// `RELATED`.
    pub(in crate::check) const RELATED: u8 = 1 << 2;
    /// `ESTABLISHED`.
    pub(in crate::check) const ESTABLISHED: u8 = 1 << 3;
    /// `UNTRACKED`.
    pub(in crate::check) const UNTRACKED: u8 = 1 << 4;
    /// `SNAT`.
    pub(in crate::check) const SNAT: u8 = 1 << 5;
    /// `DNAT`.
    pub(in crate::check) const DNAT: u8 = 1 << 6;
}

const STATES: [(&str, u8); 7] = [
    ("INVALID", state::INVALID),
    ("NEW", state::NEW),
    ("RELATED", state::RELATED),
    ("ESTABLISHED", state::ESTABLISHED),
    ("UNTRACKED", state::UNTRACKED),
    ("SNAT", state::SNAT),
    ("DNAT", state::DNAT),
];

/// Matches that answer the same packet now so, now otherwise; and those of what targets change between two rules.
const FICKLE: [&str; 19] = [
    "limit",
    "hashlimit",
    "connlimit",
    "connbytes",
    "quota",
    "recent",
    "statistic",
    "time",
    "rateest",
    "nfacct",
    "set",
    "cpu",
    "bpf",
    "mark",
    "connmark",
    "dscp",
    "tos",
    "ttl",
    "hl",
];

impl Test {
    /// The number of its kind: conditions of different kinds do not compare.
    pub(in crate::check) const fn kind(&self) -> u8 {
        match self {
            Self::Protocol(_) => 0,
            Self::Source(_) => 1,
            Self::Destination(_) => 2,
            Self::In(_) => 3,
            Self::Out(_) => 4,
            Self::SourcePorts(_) => 5,
            Self::DestinationPorts(_) => 6,
            Self::States(_) => 7,
            Self::Original(_) => 8,
            Self::Flags(_) => 9,
            Self::Icmp(..) => 10,
            Self::Other { .. } => 11,
        }
    }
}

impl Condition {
    /// Whether a packet that meets `other` meets this one as well, for certain.
    pub(in crate::check) fn covers(&self, other: &Self) -> bool {
        if let Test::Other { fickle: true, .. } = self.test {
            return false;
        }
        if self == other {
            return true;
        }
        match (self.negated, other.negated) {
            (false, false) => wider(&self.test, &other.test),
            // What is not in the wider set is not in the narrower one.
            (true, true) => wider(&other.test, &self.test),
            (true, false) => apart(&self.test, &other.test),
            (false, true) => false,
        }
    }
}

/// Whether every packet that meets `narrow` meets `wide`.
fn wider(wide: &Test, narrow: &Test) -> bool {
    match (wide, narrow) {
        (Test::Source(wide), Test::Source(narrow)) | (Test::Destination(wide), Test::Destination(narrow)) => {
            narrow.iter().all(|inner| wide.iter().any(|outer| outer.contains(*inner)))
        }
        (Test::In(wide), Test::In(narrow)) | (Test::Out(wide), Test::Out(narrow)) => {
            wide.strip_suffix('+').is_some_and(|head| narrow.trim_end_matches('+').starts_with(head))
        }
        (Test::SourcePorts(wide), Test::SourcePorts(narrow))
        | (Test::DestinationPorts(wide), Test::DestinationPorts(narrow)) => {
            let inside = |(from, to): &(u16, u16)| wide.iter().any(|(low, high)| low <= from && to <= high);
            narrow.iter().all(inside)
        }
        (Test::States(wide), Test::States(narrow)) => wide & narrow == *narrow,
        (Test::Icmp(kind, code), Test::Icmp(inner, inner_code)) => {
            kind.is_none() || kind == inner && (code.is_none() || code == inner_code)
        }
        _ => wide == narrow,
    }
}

/// Whether no packet meets both.
fn apart(one: &Test, other: &Test) -> bool {
    match (one, other) {
        (Test::Protocol(one), Test::Protocol(other)) => one != other,
        (Test::In(one), Test::In(other)) | (Test::Out(one), Test::Out(other)) => {
            !one.ends_with('+') && !other.ends_with('+') && one != other
        }
        (Test::SourcePorts(one), Test::SourcePorts(other))
        | (Test::DestinationPorts(one), Test::DestinationPorts(other)) => {
            one.iter().all(|(from, to)| other.iter().all(|(low, high)| to < low || high < from))
        }
        (Test::Source(one), Test::Source(other)) | (Test::Destination(one), Test::Destination(other)) => {
            one.iter().all(|one| other.iter().all(|other| !one.contains(*other) && !other.contains(*one)))
                && one.iter().chain(other).all(|address| address.prefix().is_some())
        }
        _ => false,
    }
}

/// Everything that a rule asks for.
pub(in crate::check) fn conditions(spec: &Spec<'_>) -> Vec<Condition> {
    let mut found = Vec::new();
    let mut push = |negated, test| found.push(Condition { negated, test });
    if let Some(protocol) = spec.protocol() {
        push(protocol.negated, Test::Protocol(protocol.value));
    }
    if let Some(from) = spec.source().filter(|from| !is_any(from.negated, from.value)) {
        push(from.negated, Test::Source(from.value.to_vec()));
    }
    if let Some(to) = spec.destination().filter(|to| !is_any(to.negated, to.value)) {
        push(to.negated, Test::Destination(to.value.to_vec()));
    }
    if let Some(name) = spec.in_interface().filter(|name| name.negated || name.value != "+") {
        push(name.negated, Test::In(name.value.into_owned()));
    }
    if let Some(name) = spec.out_interface().filter(|name| name.negated || name.value != "+") {
        push(name.negated, Test::Out(name.value.into_owned()));
    }
    if let Some(fragment) = spec.fragment() {
        push(fragment.negated, other("fragment", "-f", false));
    }
    spec.matches().for_each(|part| of_match(&part, spec.family(), &mut push));
    found
}

fn is_any(negated: bool, addresses: &[Address]) -> bool {
    !negated && addresses.iter().any(|address| address.is_any())
}

fn other(name: &str, text: &str, fickle: bool) -> Test {
    Test::Other { name: name.to_owned(), text: text.to_owned(), fickle }
}

/// The conditions of one match.
fn of_match(part: &Part<'_>, family: Family, push: &mut impl FnMut(bool, Test)) {
    let name = part.name();
    if name == "comment" {
        return;
    }
    let fickle = FICKLE.contains(&name.as_ref());
    if part.extension().is_none() {
        // What is not understood may ask for anything.
        push(false, other(&name, "", true));
        return;
    }
    for (given, _) in part.options() {
        let value = given.value();
        let known = match (name.as_ref(), given.option.long) {
            (_, "sport") | ("multiport", "sports") => ranges(&value).map(Test::SourcePorts),
            (_, "dport") | ("multiport", "dports") => ranges(&value).map(Test::DestinationPorts),
            ("conntrack", "ctstate") | ("state", "state") => states(&value).map(Test::States),
            ("conntrack", "ctdir") => Some(Test::Original(value == "ORIGINAL")),
            ("tcp", "tcp-flags") => Some(Test::Flags(value.clone())),
            ("tcp", "syn") => Some(Test::Flags("FIN,SYN,RST,ACK SYN".to_owned())),
            ("icmp" | "icmp6", "icmp-type" | "icmpv6-type") => icmp(&value, family),
            _ => None,
        };
        let text = || format!("{} {value}", given.option.long);
        push(given.negated, known.unwrap_or_else(|| other(&name, text().trim_end(), fickle)));
    }
}

/// The ranges of `80`, `1024:2048` or `22,80:90`.
fn ranges(text: &str) -> Option<Vec<(u16, u16)>> {
    let range = |part: &str| match part.split_once(':') {
        Some(("", to)) => Some((0, to.parse().ok()?)),
        Some((from, "")) => Some((from.parse().ok()?, u16::MAX)),
        Some((from, to)) => Some((from.parse().ok()?, to.parse().ok()?)),
        None => part.parse().ok().map(|port| (port, port)),
    };
    text.split(',').map(range).collect()
}

fn states(text: &str) -> Option<u8> {
    let bit = |name: &str| STATES.iter().find(|(known, _)| *known == name).map(|(_, bit)| *bit);
    text.split(',').try_fold(0, |all, name| Some(all | bit(name)?))
}

/// The type, and the code, of a canonical value: `8`, `3/4`, `any`.
fn icmp(text: &str, family: Family) -> Option<Test> {
    if text == "any" || family == Family::Ipv4 && text == "255" {
        return Some(Test::Icmp(None, None));
    }
    let (kind, code) = text.split_once('/').map_or((text, None), |(kind, code)| (kind, Some(code)));
    let code = code.map(str::parse).transpose().ok()?;
    Some(Test::Icmp(Some(kind.parse().ok()?), code))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether every packet of the rule `narrow` is one of `wide`, for certain.
    fn covers(wide: &str, narrow: &str) -> bool {
        let of = |text: &str| conditions(&Spec::parse(text, Family::Ipv4).unwrap());
        let (wide, narrow) = (of(wide), of(narrow));
        wide.iter().all(|asked| narrow.iter().any(|own| asked.covers(own)))
    }

    #[test]
    fn wider_rules_cover_narrower_ones_and_no_others() {
        let pairs = [
            ("", "-s 10.0.0.1/32"),
            ("-s 10.0.0.0/8", "-s 10.1.0.0/16"),
            ("-s 10.0.0.0/8,192.0.2.0/24", "-s 192.0.2.7/32,10.0.0.1/32"),
            ("! -s 10.1.0.0/16", "! -s 10.0.0.0/8"),
            ("! -s 10.0.0.0/8", "-s 192.0.2.0/24"),
            ("-i br-+", "-i br-0123456789ab"),
            ("-i b+", "-i br-+"),
            ("! -i lo", "-i eth0"),
            ("-p tcp --dport 20:30", "-p tcp -m multiport --dports 22,25"),
            ("-p tcp -m multiport --dports 22,80:90", "-p tcp --dport 85"),
            ("-p tcp ! --dport 22", "-p tcp --dport 80"),
            ("-m conntrack --ctstate NEW,ESTABLISHED", "-m state --state NEW"),
            ("-p icmp", "-p icmp --icmp-type 3/4"),
            ("-p icmp --icmp-type 3", "-p icmp --icmp-type 3/4"),
            ("-p tcp", "-p tcp --syn"),
            ("-m addrtype --dst-type LOCAL", "-m addrtype --dst-type LOCAL -m comment --comment x"),
        ];
        for (wide, narrow) in pairs {
            assert!(covers(wide, narrow), "`{wide}` takes `{narrow}`");
            assert!(!covers(narrow, wide) || narrow.contains("comment"), "`{narrow}` does not take `{wide}`");
        }
    }

    #[test]
    fn what_is_not_certain_covers_nothing() {
        let same = [
            "-m limit --limit 3/min",
            "-m set --match-set x src",
            "-m statistic --mode random --probability 0.5",
            "-m geoip --src-cc CN",
            "-m mark --mark 0x1",
        ];
        for rule in same {
            assert!(!covers(rule, rule), "{rule}");
        }
        for (one, other) in [
            ("-p tcp --dport 22", "-p udp --dport 22"),
            ("-p tcp --sport 22", "-p tcp --dport 22"),
            ("! -s 10.0.0.0/8", "-s 8.0.0.0/5"),
            ("! -i eth+", "-i eth0"),
        ] {
            assert!(!covers(one, other) && !covers(other, one), "{one}, {other}");
        }
    }
}
