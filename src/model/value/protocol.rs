//! Protocols as values of options.

use super::fault::{SpecErrorKind, closest};
use super::number;
use super::protocols::{ALIASES, BUILT_IN, LISTED};
use super::{Argument, Sink};
use crate::model::Family;

pub use super::protocols::{
    AH, DCCP, ESP, ICMP, ICMPV6, IPCOMP, MOBILITY, SCTP, TCP, UDP, UDPLITE, known_name, name,
};

/// Appends what iptables-save prints for `number`.
pub fn push(number: u8, out: &mut Sink<'_>) {
    match known_name(number) {
        Some(name) => out.push_str(name),
        None => out.push_number(number.into()),
    }
}

/// The number of the protocol called `text`, case as given.
#[must_use]
pub fn find(text: &str) -> Option<u8> {
    // Most rules name one of these two.
    match text {
        "tcp" => return Some(TCP),
        "udp" => return Some(UDP),
        _ => {}
    }
    if let Some(number) = number::whole(text, 0, 255) {
        return u8::try_from(number).ok();
    }
    let named =
        |table: &[(&str, u8)]| table.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
    named(BUILT_IN)
        .or_else(|| {
            LISTED.iter().find(|(name, _, alias)| *name == text || *alias == text).map(|entry| entry.1)
        })
        .or_else(|| named(ALIASES))
}

/// The fault that `text` is no protocol.
#[must_use]
pub fn unknown(text: &str) -> SpecErrorKind {
    let names = BUILT_IN.iter().map(|(name, _)| *name).chain(LISTED.iter().map(|(name, ..)| *name));
    SpecErrorKind::BadProtocol { value: text.to_owned(), hint: closest(text, names) }
}

/// Whether `number` is an ICMP of the other family; iptables takes it, and no packet ever matches.
#[must_use]
pub const fn is_foreign(number: u8, family: Family) -> bool {
    matches!((family, number), (Family::Ipv4, ICMPV6) | (Family::Ipv6, ICMP))
}

/// A protocol as an option's value; printed as its number.
pub(super) fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let number = find(argument.text()).ok_or_else(|| unknown(argument.text()))?;
    out.push_number(number.into());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        assert_eq!(find("tcp"), Some(6));
        assert_eq!(find("0x11"), Some(17));
        assert_eq!(find("256"), None);
        assert_eq!(find("ip"), Some(0));
        assert_eq!(find("GRE"), Some(47));
        assert_eq!(name(47), "gre");
        assert_eq!(name(135), "mobility-header");
        assert_eq!(name(200), "200");
    }
}
