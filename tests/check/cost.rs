//! Nothing is quadratic: large and crooked rulesets end in time. What they cost is for the benchmark.

use std::fmt::Write as _;

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
