//! A shortcut for the rules that make up most of every large ruleset.
//!
//! Telling that `-d 172.18.0.2/32 -i br-1 -p tcp -m tcp --dport 80 -j ACCEPT` is in order needs none of what
//! [`Spec`](super::Spec) keeps. [`Plain::read`] looks at a rule word by word, as iptables-save prints it, and gives up
//! at the first word that it does not know.
//! INVARIANT: what it takes, [`Spec::parse`](super::Spec::parse) takes too, and says the same of it; a test holds the
//! two against each other.

use crate::model::Family;

/// The longest comment that is kept whole, in bytes.
const COMMENT: usize = 255;
/// The longest name of an interface, in bytes.
const INTERFACE: usize = 15;
/// States of connections.
const STATES: [&[u8]; 5] = [b"NEW", b"ESTABLISHED", b"RELATED", b"INVALID", b"UNTRACKED"];

/// What there is to say of a plain rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain<'t> {
    /// Whether it names the interface that packets came in by.
    pub incoming: bool,
    /// Whether it names the interface that packets leave by.
    pub outgoing: bool,
    /// The name behind `-j`, if any; it has options only where it is `DNAT` or `REJECT`.
    pub target: Option<&'t str>,
    /// Whether options of the target stand behind it.
    pub options: bool,
}

/// The words of a rule, parted by single blanks.
struct Reader<'t> {
    rest: &'t [u8],
    /// What was seen so far: each thing may come once.
    seen: u16,
    protocol: Protocol,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    None,
    Tcp,
    Udp,
    Icmp,
}

const SOURCE: u16 = 1;
const DESTINATION: u16 = 1 << 1;
const INCOMING: u16 = 1 << 2;
const OUTGOING: u16 = 1 << 3;
const OWN: u16 = 1 << 4;
const CONNTRACK: u16 = 1 << 5;
const STATE: u16 = 1 << 6;
const SPORT: u16 = 1 << 7;
const DPORT: u16 = 1 << 8;
const ADDRTYPE: u16 = 1 << 9;
const STATISTIC: u16 = 1 << 10;

impl<'t> Plain<'t> {
    /// Reads the specification `text`; nothing where it is not plain.
    #[must_use]
    pub fn read(text: &'t str, family: Family) -> Option<Self> {
        let mut reader = Reader { rest: text.as_bytes(), seen: 0, protocol: Protocol::None };
        loop {
            let Some(word) = reader.word() else { return Some(reader.plain(None, false)) };
            match word {
                b"!" => reader.negated(family)?,
                b"-j" => return reader.jump(text, family),
                _ => reader.option(word, family)?,
            }
        }
    }
}

impl<'t> Reader<'t> {
    const fn plain(&self, target: Option<&'t str>, options: bool) -> Plain<'t> {
        let (incoming, outgoing) = (self.seen & INCOMING != 0, self.seen & OUTGOING != 0);
        Plain { incoming, outgoing, target, options }
    }

    fn word(&mut self) -> Option<&'t [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == b' ').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        Some(word)
    }

    /// Whether `thing` comes for the first time.
    const fn first(&mut self, thing: u16) -> Option<()> {
        if self.seen & thing != 0 {
            return None;
        }
        self.seen |= thing;
        Some(())
    }

    fn negated(&mut self, family: Family) -> Option<()> {
        let word = self.word()?;
        match word {
            b"-s" | b"-d" | b"-i" | b"-o" | b"--dport" | b"--sport" => self.option(word, family),
            b"--ctstate" => self.option(word, family),
            _ => None,
        }
    }

    fn option(&mut self, word: &[u8], family: Family) -> Option<()> {
        match word {
            b"-s" => self.first(SOURCE).and(self.address(family)),
            b"-d" => self.first(DESTINATION).and(self.address(family)),
            b"-i" => self.first(INCOMING).and(self.interface()),
            b"-o" => self.first(OUTGOING).and(self.interface()),
            b"-p" => self.protocol(family),
            b"-m" => self.matching(),
            b"--sport" => self.first(SPORT).and(self.ports()),
            b"--dport" => self.first(DPORT).and(self.ports()),
            b"--icmp-type" if self.protocol == Protocol::Icmp && self.seen & OWN != 0 => {
                self.word().filter(|word| *word == b"8").map(|_| ())
            }
            b"--ctstate" if self.seen & CONNTRACK != 0 => self.first(STATE).and(self.states()),
            _ => None,
        }
    }

    fn protocol(&mut self, family: Family) -> Option<()> {
        let protocol = match (self.word()?, family) {
            (b"tcp", _) => Protocol::Tcp,
            (b"udp", _) => Protocol::Udp,
            (b"icmp", Family::Ipv4) => Protocol::Icmp,
            _ => return None,
        };
        (self.protocol == Protocol::None).then(|| self.protocol = protocol)
    }

    fn matching(&mut self) -> Option<()> {
        match (self.word()?, self.protocol) {
            (b"tcp", Protocol::Tcp) | (b"udp", Protocol::Udp) | (b"icmp", Protocol::Icmp) => self.first(OWN),
            (b"conntrack", _) => {
                self.first(CONNTRACK)?;
                match self.word()? {
                    b"!" => self.word().filter(|word| *word == b"--ctstate")?,
                    b"--ctstate" => b"--ctstate",
                    _ => return None,
                };
                self.first(STATE).and(self.states())
            }
            (b"comment", _) => self.comment(),
            (b"addrtype", _) => {
                self.first(ADDRTYPE)?;
                self.word().filter(|word| *word == b"--dst-type")?;
                self.word().filter(|word| *word == b"LOCAL").map(|_| ())
            }
            (b"statistic", _) => self.first(STATISTIC).and(self.statistic()),
            _ => None,
        }
    }

    /// `--mode random --probability 0.…`.
    fn statistic(&mut self) -> Option<()> {
        for expected in [&b"--mode"[..], b"random", b"--probability"] {
            self.word().filter(|word| *word == expected)?;
        }
        let digits = self.word()?.strip_prefix(b"0.")?;
        (digits.len() == 11 && digits.iter().all(u8::is_ascii_digit)).then_some(())
    }

    fn comment(&mut self) -> Option<()> {
        self.word().filter(|word| *word == b"--comment")?;
        let Some(quoted) = self.rest.strip_prefix(b"\"") else {
            let word = self.word()?;
            let bare = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            return (!word.is_empty() && word.len() <= COMMENT && word.iter().all(bare)).then_some(());
        };
        let end = memchr::memchr2(b'"', b'\\', quoted)?;
        let (comment, rest) = (quoted.get(..end)?, quoted.get(end..)?);
        let rest = rest.strip_prefix(b"\"")?;
        self.rest = if rest.is_empty() { rest } else { rest.strip_prefix(b" ")? };
        (comment.len() <= COMMENT).then_some(())
    }

    fn states(&mut self) -> Option<()> {
        let word = self.word()?;
        word.split(|byte| *byte == b',').all(|state| STATES.contains(&state)).then_some(())
    }

    fn interface(&mut self) -> Option<()> {
        let word = self.word()?;
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(*byte, b'-' | b'_' | b'.');
        let name = word.strip_suffix(b"+").unwrap_or(word);
        let first = name.first().is_some_and(u8::is_ascii_alphanumeric);
        (first && word.len() <= INTERFACE && name.iter().all(fits)).then_some(())
    }

    fn address(&mut self, family: Family) -> Option<()> {
        if family == Family::Ipv6 {
            return None;
        }
        let word = self.word()?;
        let slash = word.iter().position(|byte| *byte == b'/')?;
        let (address, prefix) = word.split_at(slash);
        number(prefix.get(1..)?, 32).filter(|prefix| *prefix > 0)?;
        dotted(address)
    }

    /// A port or a range of them; only behind the protocol's own match.
    fn ports(&mut self) -> Option<()> {
        if self.seen & OWN == 0 || self.protocol == Protocol::Icmp {
            return None;
        }
        let word = self.word()?;
        match word.iter().position(|byte| *byte == b':') {
            None => number(word, 65_535).map(|_| ()),
            Some(at) => {
                let (first, last) = word.split_at(at);
                let (first, last) = (number(first, 65_535)?, number(last.get(1..)?, 65_535)?);
                (first <= last).then_some(())
            }
        }
    }

    /// The jump, which must end the rule but for the one option of DNAT or REJECT.
    fn jump(&mut self, text: &'t str, family: Family) -> Option<Plain<'t>> {
        let start = text.len() - self.rest.len();
        let word = self.word()?;
        let name = text.get(start..start + word.len())?;
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(*byte, b'-' | b'_');
        if !word.first().is_some_and(u8::is_ascii_alphanumeric) || word.len() > 28 || !word.iter().all(fits) {
            return None;
        }
        if self.rest.is_empty() {
            return Some(self.plain(Some(name), false));
        }
        if family == Family::Ipv6 {
            return None;
        }
        match (word, self.word()?) {
            (b"DNAT", b"--to-destination") => self.to_destination()?,
            (b"REJECT", b"--reject-with") => {
                self.word().filter(|word| *word == b"icmp-port-unreachable")?;
            }
            _ => return None,
        }
        self.rest.is_empty().then(|| self.plain(Some(name), true))
    }

    /// `172.18.0.2:80`.
    fn to_destination(&mut self) -> Option<()> {
        if !matches!(self.protocol, Protocol::Tcp | Protocol::Udp) {
            return None;
        }
        let word = self.word()?;
        let colon = word.iter().position(|byte| *byte == b':')?;
        let (address, port) = word.split_at(colon);
        number(port.get(1..)?, 65_535).filter(|port| *port > 0)?;
        dotted(address)
    }
}

/// A decimal number without leading zeros, up to `most`.
fn number(text: &[u8], most: u32) -> Option<u32> {
    if text.is_empty() || text.len() > 5 || (text.len() > 1 && text.first() == Some(&b'0')) {
        return None;
    }
    let mut value = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u32::from(digit);
    }
    (value <= most).then_some(value)
}

/// Four decimal numbers up to 255, parted by dots.
fn dotted(text: &[u8]) -> Option<()> {
    let mut parts = 0;
    for part in text.split(|byte| *byte == b'.') {
        number(part, 255)?;
        parts += 1;
    }
    (parts == 4).then_some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::model::extension::{HookSet, TableSet};
    use crate::model::spec::{BaseOption, Spec};

    /// Words that plain rules are made of, and some that look like them.
    const WORDS: [&str; 78] = [
        "!", "-s", "-d", "-i", "-o", "-p", "-m", "-j", "-g", "-f", "tcp", "udp", "icmp", "conntrack", "comment", "addrtype",
        "statistic", "--sport", "--dport", "--icmp-type", "--ctstate", "--dst-type", "--mode", "--probability", "--comment",
        "--to-destination", "--reject-with", "10.0.0.1/32", "10.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "1.2.3.4/33",
        "300.1.1.1/8", "fd00::1/128", "eth0", "br-+", "lo", "eth0123456789012", "+", "80", "0", "65535", "65536", "080",
        "80:90", "90:80", ":80", "80:", "NEW", "RELATED,ESTABLISHED", "NEW,", "new", "SNAT", "LOCAL", "UNICAST", "8",
        "echo-request", "random", "nth", "0.50000000000", "0.5", "ACCEPT", "DROP", "DNAT", "REJECT", "MASQUERADE", "CHAIN",
        "172.18.0.2:80", "172.18.0.2", "172.18.0.2:0", "icmp-port-unreachable", "tcp-reset", "\"a b\"", "\"\"", "\"a\\\"b\"",
        "\"open", "x", "it's",
    ];

    /// Rules as Docker writes them, in pieces that go together.
    const PIECES: [&str; 20] = [
        "-s 172.17.0.0/16", "! -s 10.0.0.0/8", "-d 172.18.0.2/32", "! -i docker0", "-i br-0123456789ab", "-o docker0",
        "-p tcp -m tcp --dport 80", "-p udp -m udp --sport 1:9", "-p tcp", "-p icmp -m icmp --icmp-type 8",
        "-m conntrack --ctstate RELATED,ESTABLISHED", "-m conntrack ! --ctstate NEW", "-m addrtype --dst-type LOCAL",
        "-m comment --comment \"a b\"", "-m comment --comment x", "-m statistic --mode random --probability 0.33333333349",
        "-m tcp ! --dport 22", "--dport 22", "-m tcp", "-m udp",
    ];

    const JUMPS: [&str; 9] = [
        "", "-j ACCEPT", "-j DOCKER-USER", "-j MASQUERADE", "-j DNAT --to-destination 172.18.0.2:80", "-j DROP",
        "-j REJECT --reject-with icmp-port-unreachable", "-j DNAT", "-g CHAIN",
    ];

    fn agrees(text: &str, family: Family) {
        let Some(plain) = Plain::read(text, family) else { return };
        let spec = Spec::parse(text, family);
        let spec = match spec {
            Ok(spec) => spec,
            // A target's own needs are for the caller, who asks the target.
            Err(_) if plain.target.is_some_and(|name| matches!(name, "DNAT" | "REJECT")) && !plain.options => return,
            Err(error) => panic!("`{text}` is plain, and yet: {error}"),
        };
        assert_eq!(plain.incoming, spec.base_span(BaseOption::InInterface).is_some(), "{text}");
        assert_eq!(plain.outgoing, spec.base_span(BaseOption::OutInterface).is_some(), "{text}");
        assert_eq!(plain.target.map(ToOwned::to_owned), spec.target().map(|part| part.name().into_owned()), "{text}");
        assert_eq!(plain.options, spec.target().is_some_and(|part| part.options().count() > 0), "{text}");
        for part in spec.matches() {
            let part = part.instance().unwrap();
            assert_eq!((part.tables(), part.hooks()), (TableSet::ALL, HookSet::ALL), "{text}");
        }
        assert!(!spec.is_goto());
    }

    fn families() -> impl Strategy<Value = Family> {
        select(vec![Family::Ipv4, Family::Ipv6])
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn random_words(words in prop::collection::vec(select(&WORDS[..]), 1..9), family in families()) {
            agrees(&words.join(" "), family);
        }

        #[test]
        fn random_pieces(
            pieces in prop::collection::vec(select(&PIECES[..]), 0..5),
            word in proptest::option::of(select(&WORDS[..])),
            jump in select(&JUMPS[..]),
            family in families(),
        ) {
            let words: Vec<&str> = pieces.into_iter().chain(word).chain([jump]).filter(|piece| !piece.is_empty()).collect();
            agrees(&words.join(" "), family);
        }
    }

    #[test]
    fn rules_of_docker_are_plain() {
        for text in [
            "-d 172.18.0.2/32 ! -i br-1 -o br-1 -p tcp -m tcp --dport 80 -j ACCEPT",
            "! -i br-1 -p tcp -m tcp --dport 443 -j DNAT --to-destination 172.18.0.2:80",
            "-s 172.18.0.0/16 ! -o br-1 -j MASQUERADE",
            "-o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            "-m addrtype --dst-type LOCAL -j DOCKER",
        ] {
            assert!(Plain::read(text, Family::Ipv4).is_some(), "{text}");
        }
    }
}
