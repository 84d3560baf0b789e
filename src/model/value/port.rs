//! Ports: numbers, services' names, ranges and lists.

use std::sync::LazyLock;

use super::fault::{SpecErrorKind, closest};
use super::protocol::{DCCP, SCTP, TCP, UDP, UDPLITE};
use super::{Argument, Sink, number};

/// A service: its name, its port, and the protocols it is listed for.
struct Service {
    name: &'static str,
    port: u16,
    protocols: &'static str,
}

static SERVICES: LazyLock<Vec<Service>> = LazyLock::new(|| {
    let service = |line: &'static str| {
        let mut fields = line.split(' ');
        let (name, port, protocols) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Service { name, port: port.parse().ok()?, protocols })
    };
    include_str!("services.txt").lines().filter(|line| !line.starts_with('#')).filter_map(service).collect()
});

/// How an extension reads a port; they do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// `xtables_parse_port`: octal and hexadecimal too, and a service of the protocol.
    Strict(&'static str),
    /// `getaddrinfo`: decimal alone, and a service of any protocol. Greater numbers wrap around.
    Lookup,
}

/// The port of the service `name`, of `protocol` or of any.
#[must_use]
pub fn service(name: &str, protocol: Option<&str>) -> Option<u16> {
    let fits = |service: &&Service| {
        service.name == name
            && protocol.is_none_or(|protocol| service.protocols.split(',').any(|one| one == protocol))
    };
    SERVICES.iter().find(fits).map(|service| service.port)
}

/// The name of `protocol` for a service's look-up, where it has ports.
#[must_use]
pub const fn protocol_with_ports(protocol: u8) -> Option<&'static str> {
    match protocol {
        TCP => Some("tcp"),
        UDP => Some("udp"),
        UDPLITE => Some("udplite"),
        SCTP => Some("sctp"),
        DCCP => Some("dccp"),
        _ => None,
    }
}

impl Reading {
    /// The port that `text` says.
    ///
    /// # Errors
    /// `BadPort` where it says none.
    pub fn port(self, text: &str) -> Result<u16, SpecErrorKind> {
        let found = match self {
            Self::Strict(protocol) => match number::whole(text, 0, 65535) {
                Some(number) => u16::try_from(number).ok(),
                None => service(text, Some(protocol)),
            },
            Self::Lookup => wrapping(text).or_else(|| service(text, None)),
        };
        found.ok_or_else(|| bad(text))
    }
}

/// The fault that `text` is no port.
#[must_use]
pub fn bad(text: &str) -> SpecErrorKind {
    let named = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let hint = if named { closest(text, SERVICES.iter().map(|service| service.name)) } else { None };
    SpecErrorKind::BadPort { value: text.to_owned(), hint }
}

/// A decimal port as `getaddrinfo` takes it: what exceeds 16 bits is cut off.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "getaddrinfo cuts the number to 16 bits, and so must this"
)]
pub fn wrapping(text: &str) -> Option<u16> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A number whose low 32 bits are negative counts as a name.
    let number = digits.parse::<u64>().ok()? as u32;
    i32::try_from(number).is_ok().then_some(number as u16)
}

/// `from:to`, either left out for its bound, or one port.
pub(super) fn read_range(
    reading: Reading,
    argument: &Argument<'_>,
    out: &mut Sink<'_>,
) -> Result<(), SpecErrorKind> {
    let (from, to) = range(reading, argument.text())?;
    push_range(from, to, out);
    Ok(())
}

/// Appends `from:to`, or one port.
pub fn push_range(from: u16, to: u16, out: &mut Sink<'_>) {
    out.push_number(from.into());
    if from != to {
        out.push(':');
        out.push_number(to.into());
    }
}

/// The ends of the range that `text` says.
///
/// # Errors
/// `BadPort`, and `ReversedPorts` where the reading minds.
pub fn range(reading: Reading, text: &str) -> Result<(u16, u16), SpecErrorKind> {
    let Some((low, high)) = text.split_once(':') else {
        let port = if text.is_empty() && reading == Reading::Lookup { 0 } else { reading.port(text)? };
        return Ok((port, port));
    };
    let from = if low.is_empty() { 0 } else { reading.port(low)? };
    let to = if high.is_empty() { u16::MAX } else { reading.port(high)? };
    if from > to && reading != Reading::Lookup {
        return Err(SpecErrorKind::ReversedPorts { value: text.to_owned() });
    }
    Ok((from, to))
}

/// How many ports a list may hold; a range counts for two.
const LIST_LIMIT: usize = 15;

/// A list of ports and ranges, for a rule that has named its protocol.
pub(super) fn read_list(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let protocol =
        if argument.protocol.negated { None } else { protocol_with_ports(argument.protocol.number) };
    let protocol = protocol.ok_or(SpecErrorKind::PortWithoutProtocol { option: argument.option })?;
    let mut room = LIST_LIMIT;
    for (index, item) in argument.text().split(',').enumerate() {
        let needed = if item.contains(':') { 2 } else { 1 };
        room = room.checked_sub(needed).ok_or_else(|| {
            argument.bad("15 ports are the most, and a range counts for two; split it into several rules")
        })?;
        if index > 0 {
            out.push(',');
        }
        let reading = Reading::Strict(protocol);
        let Some((low, high)) = item.split_once(':') else {
            out.push_number(reading.port(item)?.into());
            continue;
        };
        let (from, to) = (reading.port(low)?, reading.port(high)?);
        if from >= to {
            return Err(SpecErrorKind::ReversedPorts { value: item.to_owned() });
        }
        push_range(from, to, out);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_found_by_protocol() {
        assert_eq!(service("http", Some("tcp")), Some(80));
        assert_eq!(service("snmp", Some("udp")), Some(161));
        assert_eq!(service("ssh", Some("udp")), None);
        assert_eq!(service("ssh", None), Some(22));
    }

    #[test]
    fn readings_differ() {
        assert_eq!(Reading::Strict("tcp").port("0x16"), Ok(22));
        assert!(Reading::Strict("tcp").port("65536").is_err());
        assert_eq!(Reading::Lookup.port("65536"), Ok(0));
        assert_eq!(Reading::Lookup.port("010"), Ok(10));
        assert_eq!(Reading::Strict("tcp").port("010"), Ok(8));
        assert!(range(Reading::Strict("tcp"), "2:1").is_err());
        assert_eq!(range(Reading::Lookup, "2:1"), Ok((2, 1)));
        assert_eq!(range(Reading::Lookup, ":"), Ok((0, 65535)));
    }
}
