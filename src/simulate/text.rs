//! Packets as text: iptables' words, as in `in=eth0 src=198.51.100.7 proto=tcp dport=8080`.

use std::sync::Arc;

use super::connection::{Direction, State};
use super::packet::{Endpoint, IcmpType, Packet, Protocol};
use crate::diagnostic::{Diagnostic, did_you_mean, list};
use crate::model::Family;
use crate::model::spec::Spec;
use crate::model::value::{interface, mac, number, port, protocol};
use crate::source::{SourceFile, Span};

/// Why a text, or a value of one of its words, is no packet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketErrorKind {
    /// There is nothing like `word=value`.
    #[error("`{0}` is no part of a packet")]
    NoValue(String),
    /// A word that packets do not have.
    #[error("a packet has no `{key}`")]
    UnknownKey {
        /// The word.
        key: String,
        /// The word that was meant, perhaps.
        hint: Option<String>,
    },
    /// A word that came before.
    #[error("`{0}` is said twice")]
    Twice(String),
    /// A value that the word does not take.
    #[error("`{value}` is no value of `{key}`")]
    BadValue {
        /// The word.
        key: String,
        /// The value.
        value: String,
        /// What to write.
        help: String,
    },
}

/// Why a text is no packet, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct PacketError {
    /// What is wrong.
    pub kind: PacketErrorKind,
    /// Where, in bytes of the text.
    pub span: Span,
}

impl PacketErrorKind {
    /// The stable code.
    pub const CODE: &'static str = "bad-packet";

    /// What to do.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NoValue(_) => "write `word=value`, as in `in=eth0 proto=tcp dport=22`".to_owned(),
            Self::UnknownKey { hint: Some(hint), .. } => format!("did you mean `{hint}`?"),
            Self::UnknownKey { hint: None, .. } => {
                format!("the words are {}", list(Packet::keys(), KEYS.len()))
            }
            Self::Twice(_) => "say it once".to_owned(),
            Self::BadValue { help, .. } => help.clone(),
        }
    }
}

impl PacketError {
    /// The message with its place in `text`, called `name`.
    #[must_use]
    pub fn diagnostic(&self, name: &str, text: &str) -> Diagnostic {
        let diagnostic = Diagnostic::error(PacketErrorKind::CODE, self.to_string()).help(self.kind.help());
        match SourceFile::from_bytes(name, text.as_bytes().to_vec()) {
            Ok(source) => diagnostic.at(&Arc::new(source), self.span, ""),
            Err(_) => diagnostic,
        }
    }
}

/// A word of a packet.
struct Key {
    /// Its spellings, the usual one first.
    names: &'static [&'static str],
    set: fn(&mut Packet, &str) -> Result<(), String>,
}

const KEYS: [Key; 18] = [
    Key {
        names: &["in", "in_interface", "in-interface", "i"],
        set: |packet, value| link(value, &mut packet.in_interface),
    },
    Key {
        names: &["out", "out_interface", "out-interface", "o"],
        set: |packet, value| link(value, &mut packet.out_interface),
    },
    Key { names: &["src", "source", "from", "s"], set: |packet, value| endpoint(value, &mut packet.source) },
    Key {
        names: &["dst", "destination", "to", "d"],
        set: |packet, value| endpoint(value, &mut packet.destination),
    },
    Key { names: &["proto", "protocol", "p"], set: set_protocol },
    Key {
        names: &["sport", "source_port", "source-port"],
        set: |packet, value| set_port(value, &mut packet.source_port),
    },
    Key {
        names: &["dport", "destination_port", "destination-port"],
        set: |packet, value| set_port(value, &mut packet.destination_port),
    },
    Key { names: &["icmp-type", "icmp_type", "icmpv6-type", "icmpv6_type"], set: set_icmp },
    Key { names: &["flags", "tcp-flags", "tcp_flags"], set: set_flags },
    Key { names: &["ctstate", "state"], set: set_state },
    Key { names: &["ctdir"], set: set_direction },
    Key { names: &["mark"], set: |packet, value| word(value, &mut packet.mark) },
    Key { names: &["connmark", "ctmark"], set: |packet, value| word(value, &mut packet.connection_mark) },
    Key { names: &["ttl", "hl"], set: |packet, value| small(value, &mut packet.ttl) },
    Key { names: &["tos"], set: |packet, value| small(value, &mut packet.tos) },
    Key { names: &["length"], set: |packet, value| small(value, &mut packet.length) },
    Key { names: &["mac", "mac-source", "mac_source"], set: set_mac },
    Key { names: &["family"], set: set_family },
];

impl Packet {
    /// Reads a packet: words `key=value` with blanks between them.
    ///
    /// # Errors
    /// What is no packet, with its place.
    pub fn parse(text: &str) -> Result<Self, PacketError> {
        let mut packet = Self::new();
        let mut seen: Vec<&str> = Vec::new();
        for (start, part) in parts(text) {
            let fault =
                |kind, from: usize, to: usize| PacketError { kind, span: span(start + from, start + to) };
            let Some((key, value)) = part.split_once('=') else {
                return Err(fault(PacketErrorKind::NoValue(part.to_owned()), 0, part.len()));
            };
            let known = find(key).map_err(|kind| fault(kind, 0, key.len()))?;
            let name = known.names.first().copied().unwrap_or_default();
            if seen.contains(&name) {
                return Err(fault(PacketErrorKind::Twice(key.to_owned()), 0, part.len()));
            }
            seen.push(name);
            let set = (known.set)(&mut packet, value);
            set.map_err(|help| fault(bad(key, value, help), key.len() + 1, part.len()))?;
        }
        Ok(packet)
    }

    /// Sets what `key` says to `value`, as the text `key=value` would.
    ///
    /// # Errors
    /// A word that packets do not have, or a value that it does not take.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), PacketErrorKind> {
        let known = find(key)?;
        (known.set)(self, value).map_err(|help| bad(key, value, help))
    }

    /// The words that a packet may have, the usual spelling of each.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        KEYS.iter().filter_map(|key| key.names.first().copied())
    }
}

fn bad(key: &str, value: &str, help: String) -> PacketErrorKind {
    PacketErrorKind::BadValue { key: key.to_owned(), value: value.to_owned(), help }
}

fn find(key: &str) -> Result<&'static Key, PacketErrorKind> {
    let bare = key.trim_start_matches('-');
    KEYS.iter().find(|known| known.names.contains(&bare)).ok_or_else(|| {
        let names = KEYS.iter().flat_map(|key| key.names.iter().copied()).filter(|name| name.len() > 1);
        PacketErrorKind::UnknownKey {
            key: key.to_owned(),
            hint: did_you_mean(bare, names).map(str::to_owned),
        }
    })
}

/// The words between blanks, with the offset of each.
fn parts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr() as usize;
    text.split_ascii_whitespace().map(move |part| (part.as_ptr() as usize - start, part))
}

fn span(from: usize, to: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(offset(from), offset(to))
}

fn link(value: &str, slot: &mut Option<String>) -> Result<(), String> {
    if interface::check(value).is_err() || value.ends_with('+') {
        return Err("give one interface's name, as in `eth0`".to_owned());
    }
    *slot = Some(value.to_owned());
    Ok(())
}

fn endpoint(value: &str, slot: &mut Option<Endpoint>) -> Result<(), String> {
    *slot =
        Some(match value {
            "host" => Endpoint::Host,
            "localhost" => {
                return Err("say `127.0.0.1` or `::1`, or `host` for whichever address it has".to_owned());
            }
            _ => Endpoint::Address(value.trim_start_matches('[').trim_end_matches(']').parse().map_err(
                |_| "give one address, as in `198.51.100.7` or `2001:db8::7`, or `host`".to_owned(),
            )?),
        });
    Ok(())
}

fn set_protocol(packet: &mut Packet, value: &str) -> Result<(), String> {
    let lower = value.to_ascii_lowercase();
    packet.protocol = Some(match protocol::find(&lower) {
        Some(protocol::ICMP) => Protocol::Icmp,
        Some(number) if number != 0 => Protocol::Number(number),
        _ => {
            let hint = did_you_mean(&lower, ["tcp", "udp", "icmp", "icmpv6", "sctp", "esp", "gre", "igmp"]);
            let or = hint.map_or_else(String::new, |hint| format!("; did you mean `{hint}`?"));
            return Err(format!("give a protocol's name or number, as in `tcp`, `udp` or `icmp`{or}"));
        }
    });
    Ok(())
}

fn set_port(value: &str, slot: &mut Option<u16>) -> Result<(), String> {
    let number = number::whole(value, 0, 65_535).and_then(|number| u16::try_from(number).ok());
    *slot = Some(number.or_else(|| port::service(value, None)).ok_or_else(|| {
        let more = if value.contains([':', ',', '-']) { "; a packet has one" } else { "" };
        format!("give a number from 0 to 65535, or a service's name as in `https`{more}")
    })?);
    Ok(())
}

/// The matches of both families know the names of the types.
fn set_icmp(packet: &mut Packet, value: &str) -> Result<(), String> {
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/'));
    let of = |family, option: &str| {
        let body = format!("{option} {value}");
        let spec = Spec::parse(&body, family).ok()?;
        let canonical = spec.option(option.rsplit("--").next()?)?.value;
        let (kind, code) = canonical.split_once('/').unwrap_or((&canonical, "0"));
        Some((kind.parse().ok()?, code.parse().ok()?))
    };
    let both = IcmpType {
        ipv4: of(Family::Ipv4, "-p icmp -m icmp --icmp-type").filter(|_| plain),
        ipv6: of(Family::Ipv6, "-p ipv6-icmp -m icmp6 --icmpv6-type").filter(|_| plain),
    };
    if both == IcmpType::default() {
        return Err("give a type's name as in `echo-request`, its number, or `type/code`".to_owned());
    }
    packet.icmp = Some(both);
    Ok(())
}

const FLAGS: [(&str, u8); 6] = [("FIN", 1), ("SYN", 2), ("RST", 4), ("PSH", 8), ("ACK", 16), ("URG", 32)];

fn set_flags(packet: &mut Packet, value: &str) -> Result<(), String> {
    let mut bits = 0;
    for flag in value.split(',').filter(|flag| !flag.eq_ignore_ascii_case("NONE")) {
        let known = FLAGS.iter().find(|(name, _)| name.eq_ignore_ascii_case(flag));
        bits |= known.ok_or("give flags with commas: FIN, SYN, RST, PSH, ACK, URG, or NONE")?.1;
    }
    packet.tcp_flags = Some(bits);
    Ok(())
}

fn set_state(packet: &mut Packet, value: &str) -> Result<(), String> {
    let state = State::ALL.into_iter().find(|state| state.as_str().eq_ignore_ascii_case(value));
    packet.state = Some(state.ok_or_else(|| {
        let names = State::ALL.map(State::as_str);
        let hint =
            did_you_mean(value, names).map_or_else(String::new, |hint| format!("; did you mean `{hint}`?"));
        format!("a packet has one of {}{hint}", list(names, names.len()))
    })?);
    Ok(())
}

fn set_direction(packet: &mut Packet, value: &str) -> Result<(), String> {
    packet.direction = Some(match value.to_ascii_uppercase().as_str() {
        "ORIGINAL" => Direction::Original,
        "REPLY" => Direction::Reply,
        _ => return Err("give `ORIGINAL` or `REPLY`".to_owned()),
    });
    Ok(())
}

fn word(value: &str, slot: &mut Option<u32>) -> Result<(), String> {
    let number = number::whole(value, 0, u32::MAX.into()).and_then(|number| u32::try_from(number).ok());
    *slot = Some(number.ok_or_else(|| "give a number of up to 32 bits, as in `0x1`".to_owned())?);
    Ok(())
}

fn small<T: TryFrom<u64>>(value: &str, slot: &mut Option<T>) -> Result<(), String> {
    let number = number::whole(value, 0, u64::MAX).and_then(|number| T::try_from(number).ok());
    *slot = Some(number.ok_or_else(|| format!("give a number of up to {} bits", 8 * size_of::<T>()))?);
    Ok(())
}

fn set_mac(packet: &mut Packet, value: &str) -> Result<(), String> {
    let help = || "give six hexadecimal numbers with colons, as in `00:00:5e:00:53:01`".to_owned();
    packet.mac = Some(mac::parse(value).ok_or_else(help)?);
    Ok(())
}

fn set_family(packet: &mut Packet, value: &str) -> Result<(), String> {
    packet.family = Some(match value {
        "ipv4" | "4" => Family::Ipv4,
        "ipv6" | "6" => Family::Ipv6,
        _ => return Err("give `ipv4` or `ipv6`".to_owned()),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_make_a_packet() {
        let packet =
            Packet::parse("in=eth0 src=198.51.100.7 proto=tcp dport=https ctstate=established").unwrap();
        assert_eq!(packet.in_interface.as_deref(), Some("eth0"));
        assert_eq!(packet.destination_port, Some(443));
        assert_eq!(packet.state, Some(State::Established));
        assert_eq!(packet.families(), [Family::Ipv4]);
        let long =
            Packet::parse("in_interface=eth0 source=198.51.100.7 protocol=tcp dport=443 state=ESTABLISHED");
        assert_eq!(long, Ok(packet));
    }

    #[test]
    fn types_of_icmp_are_of_the_families_that_have_them() {
        let kind = |text: &str| Packet::parse(text).unwrap().icmp.unwrap();
        assert_eq!(kind("icmp-type=echo-request"), IcmpType { ipv4: Some((8, 0)), ipv6: Some((128, 0)) });
        assert_eq!(kind("icmp-type=fragmentation-needed").ipv4, Some((3, 4)));
        let packet = Packet::parse("proto=icmp icmp-type=packet-too-big").unwrap();
        assert_eq!(packet.families(), [Family::Ipv6]);
    }

    #[test]
    fn faults_have_their_place_and_help() {
        let cases = [
            ("in=eth0 dprt=80", 8..12, "did you mean `dport`?"),
            ("in=eth0 80", 8..10, "write `word=value`"),
            ("proto=tpc", 6..9, "did you mean `tcp`?"),
            ("dport=80:90", 6..11, "a packet has one"),
            ("dport=80 dport=81", 9..17, "say it once"),
            ("ctstate=NWE", 8..11, "did you mean `NEW`?"),
            ("src=10.0.0.300", 4..14, "give one address"),
        ];
        for (text, place, help) in cases {
            let error = Packet::parse(text).unwrap_err();
            assert_eq!(error.span.range(), place, "{text}");
            assert!(error.kind.help().contains(help), "{text}: {}", error.kind.help());
            assert!(error.diagnostic("packet", text).render(crate::diagnostic::Style::Plain).contains('^'));
        }
    }
}
