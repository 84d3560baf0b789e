//! The shapes of rules: rulesets of 100,000 rules say a few hundred different things about as many addresses, ports,
//! interfaces, chains and comments.
//!
//! A shape is the rule's text with a mark in the place of each value that is plainly sound and whose worth decides nothing
//! else. All other words are part of the shape as they are, so that equal shapes parse alike. What cannot be told at a
//! glance has no shape, and is parsed.

use std::net::Ipv6Addr;

use super::Family;
use super::names::CHAIN_NAME_LIMIT;
use super::value::Sink;
use super::value::address::push_v6;

/// What stands before a mark: no byte of any text, which is UTF-8.
const MARK: u8 = 0xFF;
/// The most bytes of a comment that iptables keeps, less the terminator.
const COMMENT_LIMIT: usize = 255;
/// The longest name of an interface, in bytes.
const INTERFACE_LIMIT: usize = 15;

/// Which values get a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// Those that iptables takes.
    Sound,
    /// Those that iptables-save prints as they are.
    Canonical,
}

/// Makes shapes, one after the other in the same memory.
#[derive(Debug)]
pub struct Shaper {
    family: Family,
    spelling: Spelling,
    /// The shape of the rule looked at last.
    key: Vec<u8>,
}

/// The kinds of values that a mark can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Address,
    Interface,
    Port,
    Chain,
    Comment,
    /// An address of the family with a port behind it.
    Endpoint,
}

impl Shaper {
    /// A maker of shapes for rules of `family`.
    #[must_use]
    pub const fn new(family: Family, spelling: Spelling) -> Self {
        Self { family, spelling, key: Vec::new() }
    }

    /// The shape of the rule `body`, where it has one; `is_chain` tells that it jumps to a user chain.
    pub fn shape(&mut self, body: &str, is_chain: bool) -> Option<&[u8]> {
        if self.make(body, is_chain).is_none() {
            self.key.clear();
        }
        self.last()
    }

    /// The shape that was made last, if there was one.
    #[must_use]
    pub fn last(&self) -> Option<&[u8]> {
        (!self.key.is_empty()).then_some(self.key.as_slice())
    }

    /// Makes the shape of `body`; nothing where it has none.
    fn make(&mut self, body: &str, is_chain: bool) -> Option<()> {
        self.key.clear();
        let bytes = body.as_bytes();
        let (mut at, mut copied) = (0, 0);
        let mut kind = None;
        let mut stops = Stops::new(bytes);
        while at < bytes.len() {
            let (end, quoted) = stops.word(at)?;
            let value = bytes.get(at..end)?;
            if let Some(first) = value.first() {
                // The one jump that is looked at for its chain is the last word.
                let is_chain = is_chain && (self.spelling == Spelling::Sound || end == bytes.len());
                let marked = kind.filter(|kind| self.is_sound(*kind, value, quoted, is_chain));
                kind = None;
                if let Some(marked) = marked {
                    self.key.extend_from_slice(bytes.get(copied..at)?);
                    self.key.extend([MARK, marked as u8]);
                    copied = end;
                } else if quoted {
                    return None;
                } else if *first == b'-' {
                    kind = kind_of(value);
                }
            }
            at = end + 1;
        }
        self.key.extend_from_slice(bytes.get(copied..).unwrap_or_default());
        Some(())
    }

    /// Whether `value` is sound, whatever the rest of the rule says.
    fn is_sound(&self, kind: Kind, value: &[u8], quoted: bool, is_chain: bool) -> bool {
        let canonical = self.spelling == Spelling::Canonical;
        match kind {
            Kind::Comment if canonical => is_canonical_comment(value, quoted),
            Kind::Comment => is_comment(value, quoted),
            _ if quoted => false,
            Kind::Address if canonical => self.is_canonical_network(value),
            Kind::Address => self.is_network(value),
            Kind::Interface => value.len() <= INTERFACE_LIMIT && is_name(value),
            // The first and the last port are the ends of ranges that may be left out or turned round.
            Kind::Port if canonical => {
                number(value).is_some_and(|port| (1..u32::from(u16::MAX)).contains(&port))
            }
            Kind::Port => number(value).is_some_and(|port| u16::try_from(port).is_ok()),
            Kind::Chain => is_chain && value.len() <= CHAIN_NAME_LIMIT && is_name(value),
            Kind::Endpoint => self.family == Family::Ipv4 && is_endpoint(value),
        }
    }

    /// An address with its prefix, which is not one of no bits, and nothing behind it.
    fn is_canonical_network(&self, value: &[u8]) -> bool {
        match self.family {
            Family::Ipv4 => network_v4(value).is_some_and(|(bits, address)| {
                (1..=32).contains(&bits) && address.trailing_zeros() + bits >= 32
            }),
            Family::Ipv6 => network_v6(value).is_some_and(|(bits, address)| {
                (1..=128).contains(&bits) && address.trailing_zeros() + bits >= 128
            }),
        }
    }

    /// An address with a prefix, or without one; not a prefix of no bits, which means any address.
    fn is_network(&self, value: &[u8]) -> bool {
        let slash = value.iter().rposition(|byte| *byte == b'/');
        let (address, prefix) = value.split_at(slash.unwrap_or(value.len()));
        let most = if self.family == Family::Ipv4 { 32 } else { 128 };
        let prefix = prefix.get(1..).map_or(Some(most), number);
        prefix.is_some_and(|bits| (1..=most).contains(&bits))
            && match self.family {
                Family::Ipv4 => ipv4(address).is_some(),
                Family::Ipv6 => {
                    std::str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok())
                }
            }
    }
}

/// The bits of the prefix of a network of IPv4 without leading zeros, and the bits of its address.
fn network_v4(value: &[u8]) -> Option<(u32, u32)> {
    let slash = memchr::memrchr(b'/', value)?;
    let (address, prefix) = value.split_at_checked(slash)?;
    let bits = number(prefix.get(1..)?)?;
    Some((bits, ipv4(address)?))
}

/// The same of IPv6, where the address is printed as it is written.
fn network_v6(value: &[u8]) -> Option<(u32, u128)> {
    let (address, prefix) = std::str::from_utf8(value).ok()?.rsplit_once('/')?;
    let parsed: Ipv6Addr = address.parse().ok()?;
    let mut printed = String::with_capacity(address.len());
    push_v6(parsed.to_bits(), &mut Sink::to(&mut printed));
    Some((number(prefix.as_bytes())?, (printed == address).then_some(parsed.to_bits())?))
}

/// The bytes of a text that may end a word, eight looked at in one go: blanks, tabs and quotes are below all letters and
/// digits.
struct Stops<'b> {
    bytes: &'b [u8],
    /// Where the eight begin that `found` is about.
    start: usize,
    /// The top bit of each byte that may end a word and was not taken yet.
    found: u64,
}

impl<'b> Stops<'b> {
    /// One in each byte.
    const EACH: u64 = u64::MAX / 0xff;
    const QUOTE: u64 = 0x22;

    #[inline]
    fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, start: 0, found: Self::look(bytes) }
    }

    /// The top bit of each of the first eight bytes that is at most `"`.
    #[inline]
    fn look(bytes: &[u8]) -> u64 {
        let word = bytes.first_chunk().map_or_else(
            || {
                let mut padded = [0x7f; 8];
                padded.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                u64::from_le_bytes(padded)
            },
            |eight| u64::from_le_bytes(*eight),
        );
        // Adding sets the top bit of what is above `"`; it carries into no other byte.
        let above = (word & (Self::EACH * 0x7f)) + Self::EACH * (0x7f - Self::QUOTE);
        !(above | word) & (Self::EACH * 0x80)
    }

    /// The next place that may end a word; the end of the text behind the last one.
    #[inline]
    fn next(&mut self) -> usize {
        while self.found == 0 {
            self.start += 8;
            match self.bytes.get(self.start..) {
                Some(rest) if !rest.is_empty() => self.found = Self::look(rest),
                _ => return self.bytes.len(),
            }
        }
        let at = self.start + (self.found.trailing_zeros() / 8) as usize;
        self.found &= self.found - 1;
        at
    }

    /// The end of the word that begins at `at`, up to a blank, and whether it is quoted; nothing for a word that only the
    /// parser can read.
    #[inline]
    fn word(&mut self, at: usize) -> Option<(usize, bool)> {
        loop {
            let end = self.next();
            match self.bytes.get(end) {
                None | Some(b' ') => return Some((end, false)),
                Some(b'"') if end == at => return self.quoted(at).map(|end| (end, true)),
                Some(b'"' | b'\t') => return None,
                Some(_) => {}
            }
        }
    }

    /// The end of the quoted word that begins at `at`.
    fn quoted(&mut self, at: usize) -> Option<usize> {
        let inner = self.bytes.get(at + 1..)?;
        let close = memchr::memchr2(b'"', b'\\', inner).filter(|close| inner.get(*close) == Some(&b'"'))?;
        let end = at + close + 2;
        let blank = match self.bytes.get(end) {
            None => end,
            Some(b' ') => end + 1,
            Some(_) => return None,
        };
        // What stands inside ends no word.
        self.start = blank;
        self.found = Self::look(self.bytes.get(blank..).unwrap_or_default());
        Some(end)
    }
}

/// The kind of value that stands behind an option.
fn kind_of(option: &[u8]) -> Option<Kind> {
    match option {
        b"-s" | b"-d" => Some(Kind::Address),
        b"-i" | b"-o" => Some(Kind::Interface),
        b"-j" | b"-g" => Some(Kind::Chain),
        b"--dport" | b"--sport" | b"--ctorigdstport" => Some(Kind::Port),
        b"--comment" => Some(Kind::Comment),
        b"--to-destination" => Some(Kind::Endpoint),
        _ => None,
    }
}

/// A comment that is kept whole, and that is no option.
fn is_comment(value: &[u8], quoted: bool) -> bool {
    value.len() <= COMMENT_LIMIT && (quoted || !value.starts_with(b"-") && !value.starts_with(b"!"))
}

/// A comment that is quoted if it must be, and has nothing to escape.
fn is_canonical_comment(value: &[u8], quoted: bool) -> bool {
    let bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !is_comment(value, quoted) {
        return false;
    }
    match value {
        [b'"', text @ .., b'"'] if quoted => {
            !text.iter().all(bare) && memchr::memchr3(b'\'', b'\\', b'"', text).is_none()
        }
        text => text.iter().all(bare),
    }
}

/// Letters, digits and what else names have that need no second look.
fn is_name(value: &[u8]) -> bool {
    let plain = |byte: &u8| IN_NAMES.get(usize::from(*byte)).copied().unwrap_or(false);
    value.first().is_some_and(u8::is_ascii_alphanumeric) && value.iter().all(plain)
}

/// Which bytes such names are made of.
#[expect(
    clippy::indexing_slicing,
    reason = "it is worked out when the program is built, and would fail then"
)]
static IN_NAMES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        byte += 1;
    }
    table
};

/// A decimal number without leading zeros.
fn number(value: &[u8]) -> Option<u32> {
    if value.is_empty() || value.len() > 5 || value.len() > 1 && value.starts_with(b"0") {
        return None;
    }
    value
        .iter()
        .try_fold(0, |number: u32, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

/// The bits of an address of IPv4: four numbers up to 255 without leading zeros.
fn ipv4(value: &[u8]) -> Option<u32> {
    let mut packed: u32 = 0;
    let (mut parts, mut part, mut digits) = (1, 0_u32, 0);
    for byte in value {
        match byte {
            b'0'..=b'9' if digits == 0 || part > 0 => {
                part = part * 10 + u32::from(byte - b'0');
                digits += 1;
                if part > 255 {
                    return None;
                }
            }
            b'.' if digits > 0 => {
                packed = packed << 8 | part;
                (parts, part, digits) = (parts + 1, 0, 0);
            }
            _ => return None,
        }
    }
    (parts == 4 && digits > 0).then_some(packed << 8 | part)
}

fn is_endpoint(value: &[u8]) -> bool {
    let Some(colon) = value.iter().rposition(|byte| *byte == b':') else { return false };
    let (address, port) = value.split_at(colon);
    let port = port.get(1..).and_then(number);
    ipv4(address).is_some() && port.is_some_and(|port| (1..=u32::from(u16::MAX)).contains(&port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(body: &str, is_chain: bool) -> Option<String> {
        let mut shaper = Shaper::new(Family::Ipv4, Spelling::Sound);
        let shape = shaper.shape(body, is_chain)?;
        let marks = ["A", "I", "P", "C", "T", "E"];
        let text = shape.split(|byte| *byte == MARK).enumerate().map(|(index, part)| match part {
            [mark, rest @ ..] if index > 0 => {
                marks[usize::from(*mark)].to_owned() + std::str::from_utf8(rest).unwrap()
            }
            part => std::str::from_utf8(part).unwrap().to_owned(),
        });
        Some(text.collect::<Vec<_>>().join("%"))
    }

    #[test]
    fn sound_values_are_marked() {
        let body = "-s 10.0.0.0/8 ! -i docker0 -p tcp -m tcp --dport 80 -m comment --comment \"a b\" -j WEB";
        let expected = "-s %A ! -i %I -p tcp -m tcp --dport %P -m comment --comment %T -j %C";
        assert_eq!(shape(body, true).as_deref(), Some(expected));
        assert_eq!(shape("-j ACCEPT", false).as_deref(), Some("-j ACCEPT"));
        let dnat = "-p tcp -j DNAT --to-destination 172.17.0.2:80";
        assert_eq!(shape(dnat, false).as_deref(), Some("-p tcp -j DNAT --to-destination %E"));
    }

    #[test]
    fn what_decides_something_is_part_of_the_shape() {
        for body in [
            "-s 0.0.0.0/0 -j DROP",
            "-s 10.0.0.256 -j DROP",
            "-s 010.0.0.1 -j DROP",
            "-s 10.0.00.1 -j DROP",
            "-s 10.0..1 -j DROP",
            "-s 10.0.1 -j DROP",
            "-s 10.0.0.1.2 -j DROP",
            "-s 10.0.0. -j DROP",
            "-s .10.0.0.1 -j DROP",
            "-s 10.0.0.1,10.0.0.2 -j DROP",
            "-i eth+ -j DROP",
            "-i a-name-longer-than-15 -j DROP",
            "-p tcp --dport 65536",
            "-p tcp --dport 080",
            "-p tcp --dport ssh",
            "--comment -j -j DROP",
            "-j DNAT --to-destination 172.17.0.2:0",
            "-s -s 10.0.0.300",
        ] {
            assert_eq!(shape(body, false).as_deref(), Some(body));
        }
    }

    #[test]
    fn what_only_the_parser_can_read_has_no_shape() {
        for body in [
            "-j\tDROP",
            r#"--comment "a\"b""#,
            r#"--comment a"b""#,
            r#"--comment "a"b"#,
            r#"--comment "a"#,
            r#"--string "x""#,
        ] {
            assert_eq!(shape(body, false), None, "{body}");
        }
    }
}
