//! What no script edits comes back byte for byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwscript::model::Family;
use dwscript::save;
use dwscript::source::SourceFile;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::command::dwscript;
use crate::support::generate::generate;
use crate::support::skip::{Skip, available};

/// The text as it is printed after it was read.
fn printed(text: &[u8], family: Family) -> Vec<u8> {
    let source = Arc::new(SourceFile::from_bytes("test", text.to_vec()).unwrap());
    let ruleset =
        save::parse(&source, family).unwrap_or_else(|error| panic!("{error}: {}", source.slice(error.span)));
    let mut out = Vec::new();
    save::write(&ruleset, &mut out).unwrap();
    out
}

#[track_caller]
fn assert_lossless(name: &str, text: &[u8], family: Family) {
    let printed = printed(text, family);
    // No `assert_eq`: it would print a hundred megabytes.
    let differs = text.iter().zip(&printed).position(|(one, other)| one != other);
    assert!(
        printed == text,
        "{name}: {} bytes became {}, from byte {differs:?} on",
        text.len(),
        printed.len()
    );
}

/// The dumps of a folder of the project.
pub(super) fn dumps(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rules"));
    assert!(!files.is_empty());
    files
}

#[test]
fn captures_and_fixtures() {
    for file in ["src/samples", "tests/fixtures"].into_iter().flat_map(dumps) {
        let name = file.to_string_lossy();
        let family = if name.contains(".v6.") { Family::Ipv6 } else { Family::Ipv4 };
        assert_lossless(&name, &fs::read(&file).unwrap(), family);
    }
}

#[test]
fn captures_by_the_program() {
    for file in dumps("src/samples") {
        let text = fs::read(&file).unwrap();
        let family = if file.to_string_lossy().contains(".v6.") { "-6" } else { "-4" };
        let run = dwscript(&["/dev/null", family, "-i", &file.to_string_lossy()], b"");
        assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
        assert!(run.stdout == text, "{}", file.display());
    }
}

#[test]
fn generated_hosts() {
    for options in [
        "docker 100",
        "docker 1000",
        "docker 100000",
        "docker 100 --counters",
        "docker 1000 --counters",
        "docker 100000 --counters",
        "k8s 40000",
    ] {
        let Some(file) = available(generate(options).map_err(Skip::because)) else { return };
        assert_lossless(options, &fs::read(file).unwrap(), Family::Ipv4);
    }
}

/// A word of a rule: plain, odd, or quoted with all that quoting is for.
fn word() -> impl Strategy<Value = String> {
    let odd = [
        "!",
        "-t",
        "#x",
        "COMMIT",
        "[1:2]",
        "*nat",
        ":INPUT",
        "-j",
        "--",
        "a\\b",
        "'",
        "'a b'",
        "é",
        "\u{1}",
        "a,b",
        "--comment",
    ];
    let quoted =
        "[ -~é\t]{0,12}".prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
    prop_oneof!["[a-zA-Z0-9./:,+_-]{1,12}", select(odd.to_vec()).prop_map(ToOwned::to_owned), quoted]
}

fn blanks() -> impl Strategy<Value = &'static str> {
    select(vec![" ", " ", " ", "  ", "\t", " \t "])
}

/// A rule of any words; iptables need not take them, the framing must.
fn rule() -> impl Strategy<Value = String> {
    let counters = prop_oneof![4 => Just(String::new()), 1 => (0..u64::MAX, 0..u64::MAX).prop_map(|(packets, bytes)| format!("[{packets}:{bytes}] "))];
    let option = ("-{1,2}[a-z][a-z-]{0,9}", prop::collection::vec((blanks(), word()), 0..3), any::<bool>());
    let options = prop::collection::vec((blanks(), option), 0..5);
    let chain = select(vec!["INPUT", "FORWARD", "OUTPUT", "USER", "a/b.c"]);
    (counters, select(vec!["", "", " ", "\t"]), blanks(), chain, options, select(vec!["", "", " "])).prop_map(
        |(counters, indent, blank, chain, options, end)| {
            let mut line = if counters.is_empty() { indent.to_owned() } else { counters };
            line.extend(["-A", blank, chain]);
            for (blank, (name, values, negated)) in options {
                // Options that iptables-restore takes for itself are another test's.
                line.extend([blank, if negated { "! " } else { "" }, "--x", &name]);
                line.extend(values.iter().flat_map(|(blank, value)| [*blank, value.as_str()]));
            }
            line + end
        },
    )
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![6 => rule(), 1 => Just(String::new()), 1 => "#[ -~é\t\"]{0,20}"]
}

fn block() -> impl Strategy<Value = String> {
    let chains = "(:(INPUT|FORWARD|OUTPUT|USER|[a-z]{1,28}) +(ACCEPT|DROP|-)( \\[[0-9]{1,9}:[0-9]{1,9}\\]| x )?\n){0,6}";
    let between = prop::collection::vec(line(), 0..12);
    (select(vec!["filter", "nat", "mangle", "raw", "security"]), chains, between).prop_map(
        |(table, chains, lines)| {
            let lines: String = lines.into_iter().map(|line| line + "\n").collect();
            format!("*{table}\n{chains}{lines}COMMIT\n")
        },
    )
}

pub(super) fn text() -> impl Strategy<Value = String> {
    let between = prop_oneof![2 => Just(""), 1 => Just("\n"), 1 => Just("# Generated by someone\n")];
    prop::collection::vec((between, block()), 0..5)
        .prop_map(|blocks| blocks.into_iter().map(|(between, block)| [between, &block].concat()).collect())
}

proptest! {
    #[test]
    fn generated_texts(text in text()) {
        assert_lossless(&text, text.as_bytes(), Family::Ipv4);
    }

    #[test]
    fn bytes_that_are_not_utf8(text in text(), byte in 0x80_u8.., at in any::<prop::sample::Index>()) {
        let mut text = text.into_bytes();
        let comments: Vec<usize> = text.windows(2).enumerate().filter(|(_, pair)| pair == b"\n#").map(|(at, _)| at + 2).collect();
        if !comments.is_empty() {
            text.insert(comments[at.index(comments.len())], byte);
            assert_lossless("with a byte", &text, Family::Ipv4);
        }
    }
}
