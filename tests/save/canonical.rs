//! The canonical form: what is in it stays as it is.

use std::fs;
use std::sync::Arc;

use dwscript::model::Family;
use dwscript::save;
use dwscript::source::SourceFile;
use proptest::prelude::*;
use proptest::sample::select;

use super::lossless::{dumps, text};
use crate::corpus;
use crate::support::generate::generate;
use crate::support::skip::{Skip, available};

/// The canonical form of a text; nothing for one that is refused.
fn canonical(text: &[u8], family: Family) -> Option<Vec<u8>> {
    let source = Arc::new(SourceFile::from_bytes("test", text.to_vec()).unwrap());
    let ruleset = save::parse(&source, family).ok()?;
    let mut out = Vec::new();
    save::write_canonical(&ruleset, &mut out).unwrap();
    Some(out)
}

#[track_caller]
fn assert_stays(name: &str, text: &[u8], family: Family) {
    let again = canonical(text, family).unwrap_or_else(|| panic!("{name} is refused"));
    let differs = String::from_utf8_lossy(text)
        .lines()
        .zip(String::from_utf8_lossy(&again).lines())
        .find(|(one, other)| one != other)
        .map(|(one, other)| format!("{one}\n{other}"));
    // No `assert_eq`: it would print megabytes.
    assert!(again == text, "{name}: {differs:?}");
}

#[test]
fn captures_and_fixtures_become_canonical_and_stay_so() {
    for file in ["src/samples", "tests/fixtures"].into_iter().flat_map(dumps) {
        let name = file.to_string_lossy();
        let family = if name.contains(".v6.") { Family::Ipv6 } else { Family::Ipv4 };
        let text = fs::read(&file).unwrap();
        // What iptables-save printed is canonical; the inputs are hand-written.
        if name.contains("samples") {
            assert_stays(&name, &text, family);
        }
        assert_stays(&name, &canonical(&text, family).unwrap(), family);
    }
}

#[test]
fn generated_hosts_are_canonical() {
    for options in ["docker 1000", "docker 1000 --counters", "k8s 40000"] {
        let Some(file) = available(generate(options).map_err(Skip::because)) else { return };
        let text = fs::read(file).unwrap();
        let formatted = canonical(&text, Family::Ipv4).unwrap();
        assert_stays(options, &formatted, Family::Ipv4);
    }
}

/// A table of rules of the corpus, with commands and comments among them.
fn rules() -> impl Strategy<Value = String> {
    let entries = corpus::entries(&corpus::text(&corpus::name("accepted", Family::Ipv4)));
    let filter = entries.into_iter().filter(|entry| entry.line.table == "filter");
    let rules: Vec<String> = filter.map(|entry| entry.line.rule).collect();
    let command = select(vec![
        "-A INPUT",
        "-A INPUT",
        "-A zeta",
        "-A Beta",
        "-I INPUT",
        "-I zeta 2",
        "-A \"OUTPUT\"",
        "[1:2] -A FORWARD",
        "-D INPUT",
    ]);
    let line = (command, select(rules)).prop_map(|(command, rule)| format!("{command} {rule}\n"));
    let other = select(vec![
        "# a\n",
        "# b\n",
        "\n",
        "-D INPUT 1\n",
        "-F zeta\n",
        "-P FORWARD DROP\n",
        "-N new\n",
        "-X new\n",
    ]);
    let lines = prop::collection::vec(prop_oneof![3 => line, 1 => other.prop_map(ToOwned::to_owned)], 0..14);
    lines.prop_map(|lines| {
        format!(
            "# head\n*filter\n# chains\n:zeta - [0:0]\n:Beta -\n:INPUT DROP [3:4]\n{}COMMIT\n# tail\n",
            lines.concat()
        )
    })
}

proptest! {
    #[test]
    fn formatting_what_is_formatted_changes_nothing(text in prop_oneof![text(), rules()]) {
        if let Some(formatted) = canonical(text.as_bytes(), Family::Ipv4) {
            assert_stays(&text, &formatted, Family::Ipv4);
        }
    }
}
