//! For every kind of fault, what iptables and the kernel do with such text.
//!
//! The tables are measurements of iptables 1.8.9 and 1.8.11 over Linux 6.18, and the tests repeat
//! them. Three answers are possible, and the second is why a ruleset is rehearsed before it is
//! applied: `--test` refuses, only a real load refuses, or it loads. What loads and yet is wrong,
//! such as `-o` in a chain that INPUT calls, nobody but a check will tell.

use std::fmt::Write as _;
use std::process::Command;

use dwscript::model::Family;

use crate::support::namespace::{Attempt, Backend, attempt};
use crate::support::process::{run, text};
use crate::support::skip::{Skip, available};

mod agreement;
mod chains;
mod commands;
mod families;
mod framing;
mod jumps;
mod limits;
mod options;
mod places;
mod ports;
mod reach;

/// How far a text gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// `iptables-restore --test` refuses it.
    Test,
    /// `--test` takes it, and a real load is refused.
    Load,
    /// It loads.
    Loads,
}

impl Seen {
    fn of(tried: &Attempt) -> Self {
        match (tried.test.status.success(), tried.load.status.success()) {
            (false, _) => Self::Test,
            (true, false) => Self::Load,
            (true, true) => Self::Loads,
        }
    }
}

/// A text to load.
#[derive(Clone, Copy, Debug)]
enum Text {
    /// The lines between `*table` and `COMMIT`, without the last newline.
    In(&'static str, &'static str),
    /// All of it.
    Whole(&'static str),
}

const fn filter(lines: &'static str) -> Text {
    Text::In("filter", lines)
}

const fn nat(lines: &'static str) -> Text {
    Text::In("nat", lines)
}

const fn mangle(lines: &'static str) -> Text {
    Text::In("mangle", lines)
}

const fn raw(lines: &'static str) -> Text {
    Text::In("raw", lines)
}

const fn whole(text: &'static str) -> Text {
    Text::Whole(text)
}

impl Text {
    fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::In(table, lines) => format!("*{table}\n{lines}\nCOMMIT\n").into_bytes(),
            Self::Whole(text) => text.as_bytes().to_vec(),
        }
    }
}

/// A fault, a text that has it, and what becomes of that text over nft and over legacy.
#[derive(Clone, Copy, Debug)]
struct Row {
    code: &'static str,
    what: &'static str,
    family: Family,
    text: Text,
    nft: Seen,
    legacy: Seen,
    args: &'static [&'static str],
    saved: Option<&'static str>,
}

const fn row(code: &'static str, what: &'static str, text: Text, nft: Seen, legacy: Seen) -> Row {
    Row { code, what, family: Family::Ipv4, text, nft, legacy, args: &[], saved: None }
}

const fn v6(code: &'static str, what: &'static str, text: Text, nft: Seen, legacy: Seen) -> Row {
    Row { family: Family::Ipv6, ..row(code, what, text, nft, legacy) }
}

impl Row {
    /// The same, read with `--counters`.
    const fn counted(self) -> Self {
        Self { args: &["--counters"], ..self }
    }

    /// The same; where it loads, `iptables-save` prints this line.
    const fn saving(self, line: &'static str) -> Self {
        Self { saved: Some(line), ..self }
    }

    /// What differs from the table, as a line, or nothing.
    fn difference(&self, backend: Backend) -> Option<String> {
        let expected = match backend {
            Backend::Nft => self.nft,
            Backend::Legacy => self.legacy,
        };
        let tried = attempt(backend, self.family, &self.text.to_bytes(), self.args);
        let seen = Seen::of(&tried);
        let saved = text(&tried.saved);
        let missing =
            self.saved.filter(|line| seen == Seen::Loads && !saved.lines().any(|other| other == *line));
        if seen == expected && missing.is_none() {
            return None;
        }
        let words = text(&tried.load.stderr);
        let Self { code, what, family, .. } = self;
        Some(format!(
            "{backend:?} {family:?} {code}, {what}: {seen:?}, expected {expected:?} {missing:?} {words}\n"
        ))
    }
}

/// Whether the installed iptables is one that the tables were measured with.
fn measured_version() -> Result<(), Skip> {
    let output = run(Command::new(Backend::Nft.program()?).args(["iptables", "--version"]), b"");
    let words = text(&output.stdout);
    let version = words.split(' ').nth(1).unwrap_or_default();
    let patch = version.strip_prefix("v1.8.").and_then(|patch| patch.parse::<u32>().ok());
    if patch.is_some_and(|patch| patch >= 9) {
        return Ok(());
    }
    Err(Skip::because(format!("the faults were measured with iptables 1.8.9 and later, this is {version}")))
}

/// Tries every row on both backends, and names all that differ.
#[track_caller]
fn check(rows: &[Row]) {
    let usable = Backend::usable();
    if usable.is_empty() || available(measured_version()).is_none() {
        return;
    }
    let mut differences = String::new();
    for row in rows {
        for backend in &usable {
            let _ = write!(differences, "{}", row.difference(*backend).unwrap_or_default());
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn jumps() {
    check(jumps::ROWS);
}

#[test]
fn chain_lines() {
    check(chains::ROWS);
}

#[test]
fn the_other_family() {
    check(families::ROWS);
}

#[test]
fn ports_and_protocols() {
    check(ports::ROWS);
}

#[test]
fn options_and_values() {
    check(options::ROWS);
}

#[test]
fn the_frame() {
    check(framing::ROWS);
}

#[test]
fn commands_in_a_file() {
    check(commands::ROWS);
}

#[test]
fn rules_in_user_chains() {
    check(reach::ROWS);
}
