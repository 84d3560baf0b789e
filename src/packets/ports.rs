//! Ports of a protocol, and where rules tell some of them from others.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::model::spec::{Parser, Spec};
use crate::model::{Ruleset, TableName};

/// A protocol that has ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// `tcp`, `udp` or `sctp`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
        }
    }
}

/// Ports that lie side by side: `tcp/22`, `tcp/8000-8010`, `tcp/*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ports {
    /// The protocol.
    pub protocol: Transport,
    /// The first.
    pub from: u16,
    /// The last.
    pub to: u16,
}

impl Ports {
    /// What of these ports is not among `others`, ascending.
    #[must_use]
    pub fn minus(self, others: &[Self]) -> Vec<Self> {
        let mut taken: Vec<&Self> = others.iter().filter(|other| other.protocol == self.protocol).collect();
        taken.sort();
        let mut left = Vec::new();
        let mut next = u32::from(self.from);
        let part = |from: u32, to: u32| match (u16::try_from(from), u16::try_from(to)) {
            (Ok(from), Ok(to)) if from <= to => Some(Self { from, to, ..self }),
            _ => None,
        };
        for other in taken {
            let (from, to) = (u32::from(other.from), u32::from(other.to));
            if from > next {
                left.extend(part(next, from.saturating_sub(1).min(self.to.into())));
            }
            next = next.max(to + 1);
        }
        left.extend(part(next, self.to.into()));
        left
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = self.protocol.as_str();
        match (self.from, self.to) {
            (0, u16::MAX) => write!(formatter, "{protocol}/*"),
            (from, to) if from == to => write!(formatter, "{protocol}/{from}"),
            (from, to) => write!(formatter, "{protocol}/{from}-{to}"),
        }
    }
}

/// That a text names no ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no ports")]
pub struct NoPorts(String);

impl NoPorts {
    /// What to write.
    pub const HELP: &'static str =
        "write `tcp/22`, `udp/6000-6010` or `tcp/*`; the protocols are tcp, udp and sctp";
}

impl FromStr for Ports {
    type Err = NoPorts;

    fn from_str(text: &str) -> Result<Self, NoPorts> {
        let wrong = || NoPorts(text.to_owned());
        let (name, ports) = text.split_once('/').ok_or_else(wrong)?;
        let protocol = Transport::ALL.into_iter().find(|one| one.as_str() == name).ok_or_else(wrong)?;
        let (from, to) = match ports {
            "*" => (0, u16::MAX),
            ports => {
                let (from, to) = ports.split_once(['-', ':']).unwrap_or((ports, ports));
                (from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?)
            }
        };
        if from > to { Err(wrong()) } else { Ok(Self { protocol, from, to }) }
    }
}

/// The ranges of destination ports that a rule names; none where it names no port.
#[must_use]
pub(super) fn named(spec: &Spec<'_>) -> Vec<(u16, u16)> {
    listed(spec, &["dport", "dports", "ports", "ctorigdstport"])
}

/// The ranges of source ports that a rule names.
#[must_use]
pub(super) fn named_sources(spec: &Spec<'_>) -> Vec<(u16, u16)> {
    listed(spec, &["sport", "sports", "ports", "ctorigsrcport"])
}

fn listed(spec: &Spec<'_>, options: &[&str]) -> Vec<(u16, u16)> {
    let values = options.iter().filter_map(|option| spec.option(option));
    let mut found = Vec::new();
    for value in values {
        found.extend(value.value.split(',').filter_map(range));
    }
    found
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once(':').unwrap_or((text, text));
    let port = |text: &str, open: u16| if text.is_empty() { Some(open) } else { text.parse().ok() };
    Some((port(from, 0)?, port(to, u16::MAX)?))
}

/// The ports at which the rules may begin to treat a packet otherwise, 0 among them.
#[must_use]
pub(super) fn boundaries(ruleset: &Ruleset) -> (BTreeSet<u16>, Vec<Transport>) {
    let mut found = BTreeSet::from([0]);
    let mut protocols = vec![Transport::Tcp, Transport::Udp];
    each(ruleset, |spec| {
        for (from, to) in named(spec) {
            found.insert(from);
            found.extend(to.checked_add(1));
        }
        let is_sctp = spec.protocol().is_some_and(|protocol| protocol.value == Transport::Sctp.number());
        if is_sctp && !protocols.contains(&Transport::Sctp) {
            protocols.push(Transport::Sctp);
        }
    });
    (found, protocols)
}

/// Shows every rule that can be read.
pub(super) fn each(ruleset: &Ruleset, mut look: impl FnMut(&Spec<'_>)) {
    let mut parser = Parser::new();
    for chain in TableName::ALL.into_iter().flat_map(|table| ruleset.live_chains(table)) {
        for rule in ruleset.chain(chain).rules().iter() {
            let Ok(spec) = parser.parse(ruleset.body(rule), ruleset.family()) else { continue };
            look(&spec);
            parser.recycle(spec);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(text: &str) -> Ports {
        text.parse().unwrap()
    }

    #[test]
    fn ports_are_spelled_as_they_are_read() {
        for text in ["tcp/22", "udp/6000-6010", "sctp/*"] {
            assert_eq!(ports(text).to_string(), text);
        }
        for text in ["22", "tcp", "tcp/", "icmp/8", "tcp/70000", "tcp/5-4", "tcp/-"] {
            assert!(text.parse::<Ports>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_left_of_ports() {
        let left = |all: &str, others: &[&str]| {
            let others: Vec<Ports> = others.iter().map(|text| ports(text)).collect();
            ports(all).minus(&others).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(left("tcp/*", &["tcp/22", "udp/53"]), "tcp/0-21 tcp/23-65535");
        assert_eq!(left("tcp/20-30", &["tcp/25-65535", "tcp/10-20"]), "tcp/21-24");
        assert_eq!(left("tcp/20-30", &["tcp/*"]), "");
        assert_eq!(left("tcp/20-30", &["tcp/40", "tcp/1"]), "tcp/20-30");
        assert_eq!(left("tcp/65535", &[]), "tcp/65535");
    }
}
