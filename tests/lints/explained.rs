//! Every code that can be printed is explained, and every explanation is of a code that can be.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use dwscript::check::{self, LINTS};
use dwscript::report::explain;
use regex::Regex;

use crate::support::command::dwscript;
use crate::support::process::text;
use crate::support::sources::{sources, without_tests};

/// A code in quotes.
const CODE: &str = r#""([a-z][a-z0-9]*(?:-[a-z0-9]+)*)""#;

/// The codes that the sources give to messages: where a diagnostic or a fault is made, and what functions called `code` and
/// tuples of a code and its help answer.
fn printed() -> BTreeSet<String> {
    let made = Regex::new(&format!(
        r"(?:Diagnostic::(?:error|warning)|Diagnostic::new\(\s*[\w:]+,\s*|Fault::new)\(?\s*{CODE}"
    ));
    let of_function = Regex::new(r"(?s)fn code\(.*?\n    }\n").unwrap();
    let answer = Regex::new(&format!(r"=> (?:\{{\s*)?{CODE}")).unwrap();
    let pair = Regex::new(&format!(r"=> (?:\{{\s*)?\(\s*{CODE},")).unwrap();
    let made = made.unwrap();
    let mut found = BTreeSet::new();
    for source in sources().1.iter().map(|file| without_tests(file)) {
        found.extend(made.captures_iter(&source).map(|code| code[1].to_owned()));
        for function in of_function.find_iter(&source) {
            found.extend(answer.captures_iter(function.as_str()).map(|code| code[1].to_owned()));
        }
        if source.contains("Diagnostic::error(code") || source.contains("Fault::new(code") {
            found.extend(pair.captures_iter(&source).map(|code| code[1].to_owned()));
        }
    }
    found.extend(check::codes().map(ToOwned::to_owned));
    found
}

#[test]
fn every_code_is_explained() {
    let explained: BTreeSet<&str> = explain::all().map(|explanation| explanation.code).collect();
    let printed = printed();
    assert!(printed.len() > 120, "the sources are read wrong: {printed:?}");
    let lost: Vec<&String> = printed.iter().filter(|code| !explained.contains(code.as_str())).collect();
    assert!(lost.is_empty(), "add them to src/report/explain: {lost:?}");
}

#[test]
fn every_explanation_is_of_a_code_and_says_something() {
    let sources: String = sources().1.iter().map(|file| without_tests(file)).collect();
    let mut seen = BTreeSet::new();
    for explanation in explain::all() {
        assert!(seen.insert(explanation.code), "{} is explained twice", explanation.code);
        assert!(
            sources.contains(&format!("\"{}\"", explanation.code)),
            "nothing prints {}",
            explanation.code
        );
        assert!(explanation.about.len() > 10 && explanation.text.len() > 20, "{explanation:?}");
        assert!(!explanation.about.ends_with('.'), "{explanation:?}");
    }
}

#[test]
fn each_can_be_asked_for() {
    let list = text(&dwscript(&["explain", "--list"], b"").stdout);
    for explanation in explain::all() {
        assert!(list.lines().any(|line| line.split_whitespace().next() == Some(explanation.code)));
    }
    let run = dwscript(&["explain", "shadowed"], b"");
    assert!(text(&run.stdout).starts_with("shadowed: a rule that no packet can reach"));
    assert!(text(&run.stdout).lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn each_lint_has_a_case_that_fires_and_one_that_does_not() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for lint in LINTS {
        let folder = |kind: &str| cases.join(format!("lint-{}-{kind}", lint.code));
        let fires = fs::read_to_string(folder("fires").join("stderr.txt")).unwrap_or_default();
        assert!(fires.contains(&format!("[{}]", lint.code)), "tests/cases/lint-{}-fires", lint.code);
        assert!(folder("silent").is_dir(), "tests/cases/lint-{}-silent", lint.code);
        let silent = fs::read_to_string(folder("silent").join("stderr.txt")).unwrap_or_default();
        assert!(!silent.contains(&format!("[{}]", lint.code)), "tests/cases/lint-{}-silent", lint.code);
    }
}

#[test]
fn the_readme_lists_them() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    for lint in LINTS {
        let row = format!("| `{}` | {} |", lint.code, lint.about);
        assert!(rows.contains(&row.as_str()), "README.md lacks the line\n{row}");
    }
}
