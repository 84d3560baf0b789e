//! What the tables say of iptables and the kernel, the check says too; no kernel is asked here.

use std::fmt::Write as _;
use std::sync::Arc;

use dwscript::check::{self, Levels};
use dwscript::diagnostic::Severity;
use dwscript::model::Family;
use dwscript::save;
use dwscript::source::SourceFile;

use super::places::{MATCHES, PLACES, Places, TARGETS};
use super::{Row, Seen, chains, commands, families, framing, jumps, options, ports, reach};
use crate::support::namespace::Backend;

/// What the program thinks of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is refused, as it is or by `lint`.
    Refused,
    /// It is mended, and what is printed loads.
    Mended,
    /// It is taken.
    Taken,
}

fn verdict(text: &[u8], family: Family) -> Verdict {
    let source = Arc::new(SourceFile::from_bytes("text", text.to_vec()).unwrap());
    let Ok(ruleset) = save::parse(&source, family) else { return Verdict::Refused };
    let findings = check::lint(&ruleset, &Levels::default());
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        Verdict::Refused
    } else if findings.iter().any(|finding| finding.code == "mended-input") {
        Verdict::Mended
    } else {
        Verdict::Taken
    }
}

/// Rows of which the check says something else than iptables, and why.
const OTHERWISE: &[(&str, &str)] = &[
    ("unknown target with option", "with options it is an extension that is not understood, and stays"),
    ("-m nosuch", "an extension that is not understood stays"),
    ("-m set --match-set nosuchset src", "which sets there are, only the host knows"),
    ("TCPMSS without syn", "only legacy refuses it"),
    ("-R existing", "iptables-nft crashes, and legacy takes it"),
    ("-E", "only nft refuses it"),
    ("-C missing", "it changes no rule"),
    ("-h", "nothing of the text would be loaded"),
    ("-V", "nothing of the text would be loaded"),
    ("unterminated quote", "what it saves does not load again"),
    ("unterminated quote late", "what it saves does not load again"),
    ("escaped quote bare", "what it saves does not load again"),
    ("quoted option", "no tool writes a line so"),
    ("incompatible notice", "the dump lacks a table"),
    ("NUL in rule", "the line is cut short"),
    ("NUL at end of rule", "the line is cut short"),
];

fn rows() -> impl Iterator<Item = &'static Row> {
    let tables = [
        jumps::ROWS,
        chains::ROWS,
        families::ROWS,
        ports::ROWS,
        options::ROWS,
        framing::ROWS,
        commands::ROWS,
        reach::ROWS,
    ];
    tables.into_iter().flatten().filter(|row| row.args.is_empty())
}

#[test]
fn the_check_refuses_what_iptables_refuses() {
    let mut differences = String::new();
    for row in rows() {
        let loads = row.nft == Seen::Loads && row.legacy == Seen::Loads;
        let seen = verdict(&row.text.to_bytes(), row.family);
        let agrees = match seen {
            Verdict::Refused => !loads,
            Verdict::Mended => true,
            Verdict::Taken => loads,
        };
        let expected = !OTHERWISE.iter().any(|(what, _)| *what == row.what);
        if agrees != expected {
            let Row { code, what, nft, legacy, .. } = row;
            let _ = writeln!(differences, "{code}, {what}: {seen:?}, nft {nft:?}, legacy {legacy:?}");
        }
    }
    for (what, _) in OTHERWISE.iter().filter(|(what, _)| !rows().any(|row| row.what == *what)) {
        let _ = writeln!(differences, "no row is called {what}");
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn the_check_knows_each_place() {
    let mut differences = String::new();
    for places in TARGETS.iter().chain(MATCHES).filter(|places| places.backends == Backend::ALL) {
        place(places, &mut differences);
    }
    assert!(differences.is_empty(), "{differences}");
}

fn place(places: &Places, differences: &mut String) {
    for (table, hooks) in PLACES {
        for hook in hooks {
            let rules = format!("*{table}\n-A {hook} {}\nCOMMIT\n", places.options);
            let taken = verdict(rules.as_bytes(), places.family) == Verdict::Taken;
            if taken != places.takes(table, hook) {
                let _ = writeln!(differences, "{table} {hook} {}: taken {taken}", places.options);
            }
        }
    }
}
