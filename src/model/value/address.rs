//! Addresses and masks of both families, as iptables reads and prints them.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::fault::SpecErrorKind;
use super::{Sink, number};
use crate::model::Family;

/// An address, of which only the bits of its mask count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// Of IPv4.
    V4 {
        /// The address, masked.
        address: u32,
        /// The mask.
        mask: u32,
    },
    /// Of IPv6.
    V6 {
        /// The address, masked.
        address: u128,
        /// The mask.
        mask: u128,
    },
}

impl Address {
    /// The length of the prefix, where the mask is one.
    #[must_use]
    pub const fn prefix(self) -> Option<u32> {
        match self {
            Self::V4 { mask, .. } => prefix_v4(mask),
            Self::V6 { mask, .. } => prefix_v6(mask),
        }
    }

    /// Whether it is every address of its family.
    #[must_use]
    pub const fn is_any(self) -> bool {
        matches!(self, Self::V4 { mask: 0, .. } | Self::V6 { mask: 0, .. })
    }

    /// Whether every address of `other` is one of its addresses.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        match (self, other) {
            (Self::V4 { address, mask }, Self::V4 { address: inner, mask: narrow }) => {
                mask & narrow == mask && inner & mask == address
            }
            (Self::V6 { address, mask }, Self::V6 { address: inner, mask: narrow }) => {
                mask & narrow == mask && inner & mask == address
            }
            _ => false,
        }
    }

    /// Appends it with its prefix length or mask.
    pub fn push(self, out: &mut Sink<'_>) {
        match self {
            Self::V4 { address, mask } => {
                push_v4(address, out);
                out.push('/');
                match prefix_v4(mask) {
                    Some(length) => out.push_number(length.into()),
                    None => push_v4(mask, out),
                }
            }
            Self::V6 { address, mask } => {
                push_v6(address, out);
                out.push('/');
                match prefix_v6(mask) {
                    Some(length) => out.push_number(length.into()),
                    None => push_v6(mask, out),
                }
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push(&mut Sink::to(&mut text));
        formatter.write_str(&text)
    }
}

/// The length of the prefix that `mask` is.
#[must_use]
pub const fn prefix_v4(mask: u32) -> Option<u32> {
    let length = mask.leading_ones();
    if mask.count_ones() == length { Some(length) } else { None }
}

/// The length of the prefix that `mask` is.
#[must_use]
pub const fn prefix_v6(mask: u128) -> Option<u32> {
    let length = mask.leading_ones();
    if mask.count_ones() == length { Some(length) } else { None }
}

/// The mask of a prefix of `length` bits.
#[must_use]
pub fn mask_v4(length: u32) -> u32 {
    u32::MAX.checked_shl(32_u32.saturating_sub(length)).unwrap_or(0)
}

/// The mask of a prefix of `length` bits.
#[must_use]
pub fn mask_v6(length: u32) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(length)).unwrap_or(0)
}

/// The length of the prefix that `text` says, as a number or as a mask in full; a mask that is no prefix counts as full.
#[must_use]
pub fn prefix_length(text: &str, family: Family) -> Option<u32> {
    match family {
        Family::Ipv4 => match number::whole(text, 0, 32) {
            Some(length) => u32::try_from(length).ok(),
            None => Some(prefix_v4(aton(text).or_else(|| mapped(text))?).unwrap_or(32)),
        },
        Family::Ipv6 => match number::whole(text, 0, 128) {
            Some(length) => u32::try_from(length).ok(),
            None => Some(prefix_v6(lookup_v6(text).ok()?).unwrap_or(128)),
        },
    }
}

/// Appends `address` in dotted form.
pub fn push_v4(address: u32, out: &mut Sink<'_>) {
    for (index, byte) in address.to_be_bytes().into_iter().enumerate() {
        if index > 0 {
            out.push('.');
        }
        out.push_number(byte.into());
    }
}

/// Appends `address` as `inet_ntop` prints it; it writes the last 32 bits dotted where the first 96 are zero, or where
/// they say that an IPv4 address is mapped.
pub fn push_v6(address: u128, out: &mut Sink<'_>) {
    let high = address >> 32;
    let dotted = (high == 0 && address > 0xffff) || high == 0xffff;
    if dotted {
        out.push_str(if high == 0 { "::" } else { "::ffff:" });
        #[expect(clippy::cast_possible_truncation, reason = "the last 32 bits are what is printed")]
        push_v4(address as u32, out);
    } else {
        out.push_fmt(format_args!("{}", Ipv6Addr::from_bits(address)));
    }
}

/// Reads the address of a `-s` or `-d`, its mask included.
///
/// # Errors
/// Where iptables would not take it.
pub fn parse(text: &str, family: Family) -> Result<Address, SpecErrorKind> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let (host, mask) = match text.rsplit_once('/') {
        Some((host, mask)) => (host, Some(mask)),
        None => (text, None),
    };
    match family {
        Family::Ipv4 => {
            let mask = mask.map_or(Some(u32::MAX), mask_text_v4).ok_or_else(|| bad_mask(text, family))?;
            // A mask of no bits makes the name mean nothing, as in `any/0`.
            let address =
                if mask == 0 { 0 } else { completed_v4(host).map_or_else(|| lookup_v4(host), Ok)? };
            Ok(Address::V4 { address: address & mask, mask })
        }
        Family::Ipv6 => {
            let mask = mask.map_or(Some(u128::MAX), mask_text_v6).ok_or_else(|| bad_mask(text, family))?;
            let address = if mask == 0 { 0 } else { lookup_v6(host)? };
            Ok(Address::V6 { address: address & mask, mask })
        }
    }
}

/// Four numbers with dots, or fewer, of which the missing last ones are 0; each may be octal or hexadecimal.
#[must_use]
pub fn completed_v4(text: &str) -> Option<u32> {
    parts_v4(text, false)
}

fn parts_v4(text: &str, all: bool) -> Option<u32> {
    // Short spellings of plain addresses are by far the most.
    let mut bytes = [0_u8; 4];
    let mut count = 0;
    for part in text.splitn(4, '.') {
        let byte = match part.as_bytes() {
            [digit @ b'0'..=b'9'] => digit - b'0',
            [b'1'..=b'9', ..] => part.parse().ok()?,
            _ => u8::try_from(number::whole(part, 0, 255)?).ok()?,
        };
        *bytes.get_mut(count)? = byte;
        count += 1;
    }
    (!all || count == 4).then(|| u32::from_be_bytes(bytes))
}

fn mask_text_v4(text: &str) -> Option<u32> {
    match number::whole(text, 0, 32) {
        Some(length) => Some(mask_v4(u32::try_from(length).ok()?)),
        None => parts_v4(text, true),
    }
}

fn mask_text_v6(text: &str) -> Option<u128> {
    match number::whole(text, 0, 128) {
        Some(length) => Some(mask_v6(u32::try_from(length).ok()?)),
        None => text.parse::<Ipv6Addr>().ok().map(Ipv6Addr::to_bits),
    }
}

fn bad_mask(text: &str, family: Family) -> SpecErrorKind {
    let expected = match family {
        Family::Ipv4 => "its mask is a number from 0 to 32 or four numbers with dots",
        Family::Ipv6 => "its mask is a number from 0 to 128 or an address",
    };
    SpecErrorKind::BadAddress { value: text.to_owned(), family, expected }
}

/// One address of IPv4 as the C library's look-up takes it without asking anyone: `inet_aton`, `localhost`, and an address
/// of IPv6 that one of IPv4 is mapped to.
///
/// # Errors
/// `HostName` for what would have to be looked up, `BadAddress` and `MixedFamily` for what can be none.
pub fn lookup_v4(text: &str) -> Result<u32, SpecErrorKind> {
    if let Some(address) = aton(text) {
        return Ok(address);
    }
    match text {
        "localhost" => Ok(Ipv4Addr::LOCALHOST.to_bits()),
        _ => mapped(text).ok_or_else(|| not_address(text, Family::Ipv4)),
    }
}

/// The IPv4 address that an address of IPv6 such as `::ffff:192.0.2.1` stands for.
fn mapped(text: &str) -> Option<u32> {
    text.parse::<Ipv6Addr>().ok()?.to_ipv4_mapped().map(Ipv4Addr::to_bits)
}

/// One address of IPv6 as the C library's look-up takes it without asking anyone.
///
/// # Errors
/// As [`lookup_v4`].
pub fn lookup_v6(text: &str) -> Result<u128, SpecErrorKind> {
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Ok(address.to_bits());
    }
    scoped(text).ok_or_else(|| not_address(text, Family::Ipv6))
}

/// An address with the link that it is valid on, which iptables forgets: its number, or its name where the address is
/// of that link alone.
fn scoped(text: &str) -> Option<u128> {
    let (address, link) = text.split_once('%')?;
    let address = address.parse::<Ipv6Addr>().ok()?;
    let [head, ..] = address.segments();
    let local = address.is_unicast_link_local() || head & 0xff0f == 0xff02;
    let numbered = link.bytes().all(|byte| byte.is_ascii_digit());
    (!link.is_empty() && (local || numbered)).then(|| address.to_bits())
}

/// `inet_aton`: up to four numbers, the last of which fills the bytes that are left.
fn aton(text: &str) -> Option<u32> {
    let mut address: u64 = 0;
    let mut free: u32 = 32;
    let mut rest = Some(text);
    while let Some(head) = rest {
        let (part, tail) = head.split_once('.').map_or((head, None), |(part, tail)| (part, Some(tail)));
        if free == 0 || !part.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let width = if tail.is_some() { 8 } else { free };
        free -= width;
        address |= number::whole(part, 0, (1 << width) - 1)? << free;
        rest = tail;
    }
    u32::try_from(address).ok()
}

/// The fault that `text` is no address of `family`.
#[must_use]
pub fn not_address(text: &str, family: Family) -> SpecErrorKind {
    let value = text.to_owned();
    let other = match family {
        Family::Ipv4 => text.parse::<Ipv6Addr>().is_ok(),
        Family::Ipv6 => text.parse::<Ipv4Addr>().is_ok(),
    };
    if other {
        return SpecErrorKind::MixedFamily { value, family };
    }
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let lettered =
        text.split('.').next_back().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic()));
    if lettered && text.bytes().all(of_name) {
        return SpecErrorKind::HostName { value };
    }
    let expected = match family {
        Family::Ipv4 => {
            "write four numbers from 0 to 255 with dots, as in `192.0.2.1`, and `/24` behind them for a network"
        }
        Family::Ipv6 => "write it as in `2001:db8::1`, and `/64` behind it for a network",
    };
    SpecErrorKind::BadAddress { value, family, expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str, family: Family) -> String {
        let mut out = String::new();
        match parse(text, family) {
            Ok(address) => address.push(&mut Sink::to(&mut out)),
            Err(fault) => out = fault.code().to_owned(),
        }
        out
    }

    #[test]
    fn addresses_of_ipv4() {
        let cases = [
            ("10.0.0.1", "10.0.0.1/32"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.1/16", "10.1.0.0/16"),
            ("10", "10.0.0.0/32"),
            ("256", "0.0.1.0/32"),
            ("010.0x10.1.1", "8.16.1.1/32"),
            ("10.0.0.5/255.255.255.0", "10.0.0.0/24"),
            ("10.0.0.5/255.0.255.0", "10.0.0.0/255.0.255.0"),
            ("any/0", "0.0.0.0/0"),
            ("::ffff:192.0.2.1/24", "192.0.2.0/24"),
            ("::192.0.2.1", "mixed-family"),
            ("localhost", "127.0.0.1/32"),
            ("300.1.1.1", "bad-address"),
            ("10.0.0.1/33", "bad-address"),
            ("10.0.0.0/", "bad-address"),
            ("", "bad-address"),
            ("::1", "mixed-family"),
            ("example.com", "host-name"),
        ];
        for (text, printed) in cases {
            assert_eq!(canonical(text, Family::Ipv4), printed, "{text}");
        }
    }

    #[test]
    fn addresses_of_ipv6() {
        let cases = [
            ("::1", "::1/128"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("2001:db8::1/ffff:ffff::", "2001:db8::/32"),
            ("2001:db8::1/ff::ff", "1::1/ff::ff"),
            ("::1.2.3.4", "::1.2.3.4/128"),
            ("::5", "::5/128"),
            ("::ffff:0102:0304", "::ffff:1.2.3.4/128"),
            ("x/0", "::/0"),
            ("10.0.0.1", "mixed-family"),
            ("2001:db8::/129", "bad-address"),
            ("g::1", "bad-address"),
        ];
        for (text, printed) in cases {
            assert_eq!(canonical(text, Family::Ipv6), printed, "{text}");
        }
    }
}
