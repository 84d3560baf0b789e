//! Limits in numbers, and texts that are too long for a table.

use super::Seen::{self, Load, Loads, Test};
use super::measured_version;
use crate::support::namespace::{Backend, attempt};
use crate::support::process::text;
use crate::support::skip::available;
use dwscript::model::Family;

#[track_caller]
fn expect(rules: &str, nft: Seen, legacy: Seen) {
    if available(measured_version()).is_none() {
        return;
    }
    for backend in Backend::usable() {
        let tried = attempt(backend, Family::Ipv4, rules.as_bytes(), &[]);
        let expected = if backend == Backend::Nft { nft } else { legacy };
        assert_eq!(Seen::of(&tried), expected, "{backend:?}: {}", text(&tried.load.stderr));
    }
}

/// A filter table of one rule in INPUT.
fn rule(options: &str) -> String {
    format!("*filter\n-A INPUT {options}\nCOMMIT\n")
}

/// Chains that call each other, `depth` jumps deep, called from `root`.
fn nested(root: &str, depth: usize) -> String {
    let declared = (0..depth).map(|n| format!(":C{n} - [0:0]\n"));
    let jumps = (1..depth).map(|n| format!("-A C{} -j C{n}\n", n - 1));
    let lines: Vec<String> = declared.chain([root.to_owned()]).chain(jumps).collect();
    format!("*filter\n{}COMMIT\n", lines.concat())
}

#[test]
fn sixteen_nested_jumps_are_too_deep_for_nft() {
    expect(&nested("-A INPUT -j C0\n", 15), Loads, Loads);
    expect(&nested("-A INPUT -j C0\n", 16), Load, Loads);
}

#[test]
fn depth_counts_from_a_hook_only() {
    expect(&nested("", 40), Loads, Loads);
}

#[test]
fn a_word_has_1023_bytes_at_most() {
    let comment = |length| rule(&format!("-j ACCEPT -m comment --comment \"{}\"", "x".repeat(length)));
    expect(&comment(1023), Loads, Loads);
    expect(&comment(1024), Test, Test);
}

#[test]
fn a_line_has_10239_bytes_at_most() {
    let line = |length: usize| rule(&format!("-j ACCEPT{}", " ".repeat(length - "-A INPUT -j ACCEPT".len())));
    expect(&line(10_239), Loads, Loads);
    expect(&line(10_240), Test, Test);
    let comment = |length: usize| format!("*filter\n#{}\nCOMMIT\n", "x".repeat(length - 1));
    expect(&comment(10_239), Loads, Loads);
    expect(&comment(10_240), Test, Test);
}

#[test]
fn a_rule_has_251_words_at_most() {
    let words = |count: usize| rule(&format!("-j ACCEPT{}", " -v".repeat(count - 4)));
    expect(&words(251), Loads, Loads);
    expect(&words(252), Test, Test);
}

/// What is longer is cut without a word: a comment at 255 bytes, a log prefix at 29.
#[test]
fn comments_and_log_prefixes_are_cut_silently() {
    for backend in Backend::usable() {
        let long = "x".repeat(300);
        let rules = rule(&format!("-m comment --comment {long} -j LOG --log-prefix {long}"));
        let tried = attempt(backend, Family::Ipv4, rules.as_bytes(), &[]);
        let (comment, prefix) = ("x".repeat(255), "x".repeat(29));
        let line = format!("-A INPUT -m comment --comment {comment} -j LOG --log-prefix {prefix}");
        let saved = text(&tried.saved);
        assert!(saved.lines().any(|other| other == line), "{backend:?}: {saved}");
    }
}

/// An option of the command line ends the program in the middle of the text, and it reports success.
#[test]
fn help_in_a_line_loads_nothing_and_reports_success() {
    for backend in Backend::usable() {
        for option in ["-h", "-V"] {
            let rules =
                format!("*nat\n-A OUTPUT -j ACCEPT\nCOMMIT\n*filter\n-A INPUT -j ACCEPT\n{option}\nCOMMIT\n");
            let tried = attempt(backend, Family::Ipv4, rules.as_bytes(), &[]);
            assert_eq!(Seen::of(&tried), Loads, "{backend:?} {option}");
            assert!(!text(&tried.saved).contains("-A INPUT"), "{backend:?} {option}");
        }
    }
}

/// A table that fails leaves the tables before it loaded.
#[test]
fn tables_are_committed_one_by_one() {
    for backend in Backend::usable() {
        let rules = "*nat\n-A OUTPUT -j ACCEPT\nCOMMIT\n*filter\n-A INPUT -j NOWHERE\nCOMMIT\n";
        let tried = attempt(backend, Family::Ipv4, rules.as_bytes(), &[]);
        assert!(!tried.load.status.success(), "{backend:?}");
        assert!(text(&tried.saved).contains("-A OUTPUT -j ACCEPT"), "{backend:?}: {}", text(&tried.saved));
    }
}
