//! The text of `ipset restore`: sets of addresses, written and read.

use std::io::{self, Write};

use crate::model::Family;
use crate::model::ipset::Entry;

/// What a set may hold unless it is said, `ipset(8)`.
const USUAL_LIMIT: usize = 65_536;
/// The size of the table of an empty set unless it is said, `ipset(8)`.
const USUAL_TABLE: usize = 1_024;

/// What a set of addresses holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The family of the addresses.
    pub family: Family,
    /// The entries, ascending, each once.
    pub entries: Vec<Entry>,
}

/// What a text says of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Addresses, and nothing but them.
    Addresses(Content),
    /// What scripts do not declare, such as a set of another type.
    Other,
}

/// Writes what makes a set.
///
/// # Errors
/// What `out` answers.
pub fn write(name: &str, content: &Content, out: &mut impl Write) -> io::Result<()> {
    let family = match content.family {
        Family::Ipv4 => "inet",
        Family::Ipv6 => "inet6",
    };
    // A table that need not grow while it is filled.
    let count = content.entries.len();
    let table = (count / 4).next_power_of_two().max(USUAL_TABLE);
    let limit = count.next_power_of_two().max(USUAL_LIMIT);
    writeln!(out, "create {name} hash:net family {family} hashsize {table} maxelem {limit}")?;
    content.entries.iter().try_for_each(|entry| writeln!(out, "add {name} {entry}"))
}

/// Reads what `ipset save` prints.
#[must_use]
pub fn parse(text: &[u8]) -> Vec<(String, Held)> {
    let text = String::from_utf8_lossy(text);
    let mut sets: Vec<(String, Held)> = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some("create"), Some(name)) => {
                let family = family_of(words.next(), words);
                let content = |family| Held::Addresses(Content { family, entries: Vec::new() });
                sets.push((name.to_owned(), family.map_or(Held::Other, content)));
            }
            (Some("add"), Some(name)) => {
                let entry = words.next().and_then(Entry::parse).filter(|_| words.next().is_none());
                let Some((_, held)) = sets.last_mut().filter(|(last, _)| last == name) else { continue };
                match (held, entry) {
                    (Held::Addresses(content), Some(entry)) => content.entries.push(entry),
                    // An entry with more to it, such as a time-out.
                    (held, _) => *held = Held::Other,
                }
            }
            _ => {}
        }
    }
    for (_, held) in &mut sets {
        if let Held::Addresses(content) = held {
            content.entries.sort_unstable();
        }
    }
    sets
}

/// The family of a set of this type and with these options; none where it is no plain set of addresses.
fn family_of<'t>(kind: Option<&str>, mut options: impl Iterator<Item = &'t str>) -> Option<Family> {
    if kind != Some("hash:net") {
        return None;
    }
    let mut family = Family::Ipv4;
    while let Some(option) = options.next() {
        match (option, option != "family" || matches!(options.next(), Some("inet"))) {
            ("timeout" | "counters" | "comment" | "skbinfo" | "forceadd", _) => return None,
            ("family", false) => family = Family::Ipv6,
            _ => {}
        }
    }
    Some(family)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(family: Family, entries: &[&str]) -> Content {
        let mut entries: Vec<Entry> = entries.iter().map(|entry| Entry::parse(entry).unwrap()).collect();
        entries.sort_unstable();
        Content { family, entries }
    }

    #[test]
    fn what_is_written_is_read() {
        for content in [
            content(Family::Ipv4, &["10.0.0.0/8", "1.2.3.4"]),
            content(Family::Ipv6, &["2001:db8::/32"]),
            content(Family::Ipv6, &[]),
        ] {
            let mut text = Vec::new();
            write("bad", &content, &mut text).unwrap();
            assert_eq!(parse(&text), [("bad".to_owned(), Held::Addresses(content))]);
        }
    }

    #[test]
    fn a_large_set_has_room() {
        let entries = (0..70_000).map(|index: u32| {
            Entry::parse(&format!("10.{}.{}.{}", index >> 16, index >> 8 & 255, index & 255)).unwrap()
        });
        let content = Content { family: Family::Ipv4, entries: entries.collect() };
        let mut text = Vec::new();
        write("bad", &content, &mut text).unwrap();
        assert!(text.starts_with(b"create bad hash:net family inet hashsize 32768 maxelem 131072\n"));
    }

    #[test]
    fn what_is_no_plain_set_of_addresses_is_known_as_such() {
        let text = b"create a hash:ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1\nadd a 1.2.3.4\n\
            create b hash:net family inet hashsize 1024 maxelem 65536 timeout 60\n\
            create c hash:net family inet hashsize 1024 maxelem 65536\nadd c 1.2.3.0/24 nomatch\n\
            create d hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1\n";
        let kinds: Vec<bool> = parse(text).into_iter().map(|(_, held)| held == Held::Other).collect();
        assert_eq!(kinds, [true, true, true, false]);
    }
}
