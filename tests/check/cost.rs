//! Nothing is quadratic: large and crooked rulesets end in time. What they cost is for the benchmark.

use std::fmt::Write as _;

use dwscript::check::{self, Levels};
use dwscript::diagnostic::Severity;
use dwscript::model::Family;
use dwscript::model::spec::Spec;

use super::{Draft, summary};

/// A filter table of `chains` chains and these rules.
fn chains(chains: usize, rules: &str) -> Draft {
    let mut text = String::from("*filter\n");
    (0..chains).for_each(|chain| writeln!(text, ":C{chain} - [0:0]").unwrap());
    text.push_str(rules);
    text.push_str("COMMIT\n");
    Draft::new(&text)
}

fn lines(numbers: impl Iterator<Item = (usize, usize)>) -> String {
    let mut text = String::new();
    numbers.for_each(|(from, to)| writeln!(text, "-A C{from} -j C{to}").unwrap());
    text
}

const MANY: usize = 20_000;

#[test]
fn chains_may_be_nested_very_deep() {
    let rules = lines((1..MANY).map(|chain| (chain - 1, chain)));
    chains(MANY, &rules).finds(&[]);
    chains(MANY, &format!("-A INPUT -j C0\n{rules}")).finds(&["warning jump-depth host.rules:40001"]);
}

#[test]
fn one_large_circle_with_a_jump_back_from_each_chain_is_one_finding() {
    let rules = lines((1..MANY).flat_map(|chain| [(chain - 1, chain), (chain, 0)]));
    let draft = chains(MANY, &format!("-A INPUT -j C0\n{rules}"));
    assert_eq!(summary(&draft.findings()).len(), 1);
}

#[test]
fn many_small_circles_are_counted() {
    let draft = chains(MANY, &lines((0..MANY).map(|chain| (chain, chain ^ 1))));
    assert_eq!(summary(&draft.findings()).len(), 21);
}

#[test]
fn many_missing_chains_among_many_names_are_looked_up_for_a_few() {
    let mut rules = String::new();
    (0..MANY).for_each(|chain| writeln!(rules, "-A C{chain} -j MISSING{chain}").unwrap());
    assert_eq!(summary(&chains(MANY, &rules).findings()).len(), 21);
}

#[test]
fn many_rules_at_a_wrong_hook_are_told_their_way_once() {
    let mut text = String::from("*nat\n");
    (0..MANY).for_each(|chain| writeln!(text, ":C{chain} - [0:0]").unwrap());
    (0..MANY).for_each(|chain| writeln!(text, "-A PREROUTING -j C{chain}").unwrap());
    (0..MANY).for_each(|chain| writeln!(text, "-A C{chain} -j MASQUERADE").unwrap());
    text.push_str("COMMIT\n");
    assert_eq!(summary(&Draft::new(&text).findings()).len(), 21);
}

/// Values for each place of a rule: sound ones, and those that are refused, or that mean something else.
const VALUES: [(&str, &[&str]); 7] = [
    (
        "ADDRESS",
        &[
            "10.0.0.0/8",
            "192.0.2.1",
            "0.0.0.0/0",
            "10.0.0.256",
            "10.0.0.1/33",
            "10.0.0.1/0",
            "::1",
            "a.b.c.d",
        ],
    ),
    ("PREFIX", &["", "! ", "! ! "]),
    ("INTERFACE", &["eth0", "br-0123456789ab", "lo", "+", "a-name-longer-than-15", "\"\"", "-"]),
    ("PORT", &["0", "80", "65535", "65536", "080", "1:9", "9:1", "ssh", "nosuch", "-1"]),
    ("COMMENT", &["x", "\"a b\"", "\"\"", "-j", "\"-j DROP\"", "!", "'a'"]),
    (
        "ENDPOINT",
        &["172.17.0.2:80", "172.17.0.2", "172.17.0.2:0", "172.17.0.2:99999", "172.17.0.256:80", "[::1]:80"],
    ),
    ("TARGET", &["ACCEPT", "WEB", "LOG", "a-chain-name-of-more-than-28-bytes", "DNAT"]),
];

const RULES: [&str; 8] = [
    "PREFIX-s ADDRESS -j TARGET",
    "-d ADDRESS PREFIX-i INTERFACE -j TARGET",
    "-p tcp -m tcp PREFIX--dport PORT -j TARGET",
    "-m tcp --dport PORT -j TARGET",
    "-s ADDRESS -p udp --sport PORT -m comment --comment COMMENT -j TARGET",
    "-m comment --comment COMMENT -s ADDRESS -g TARGET",
    "-p tcp -j DNAT --to-destination ENDPOINT",
    "-m conntrack --ctorigdstport PORT -j TARGET",
];

/// Every rule that the values make of `rule`.
fn variants(rule: &str) -> Vec<String> {
    VALUES.iter().fold(vec![rule.to_owned()], |rules, (name, values)| {
        let fill = |rule: String| {
            if rule.contains(name) {
                values.iter().map(|value| rule.replacen(name, value, 1)).collect()
            } else {
                vec![rule]
            }
        };
        rules.into_iter().flat_map(fill).collect()
    })
}

#[test]
fn rules_of_one_shape_are_told_apart_where_it_matters() {
    for rules in RULES.iter().flat_map(|rule| variants(rule)).collect::<Vec<_>>().chunks(20) {
        // Neighbours differ in one value, so that most rules are of a shape that was seen just before.
        let lines: String = rules.iter().map(|rule| format!("-A PREROUTING {rule}\n")).collect();
        let draft = Draft::new(&format!("*nat\n:WEB - [0:0]\n:LOG - [0:0]\n{lines}COMMIT\n"));
        let findings = check::lint(&draft.ruleset, &Levels::default());
        for (rule, line) in rules.iter().zip(4..) {
            let is_chain = rule.ends_with(" LOG");
            let alone = Spec::parse(rule, Family::Ipv4).map_err(|error| error.code()).err();
            let found = findings.iter().find(|finding| {
                let place = finding.place().is_some_and(|(_, place)| place.line == line);
                place && finding.severity == Severity::Error && finding.code != "missing-chain"
            });
            let found = found.map(|finding| finding.code);
            assert!(found == alone || is_chain && found.is_none(), "{rule}: {found:?}, alone {alone:?}");
        }
    }
}
