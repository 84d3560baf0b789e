//! A change carried over to a ruleset that others changed meanwhile.

use std::sync::Arc;

use dwscript::delta::{View, differences, write_merged};
use dwscript::model::{Family, Ruleset, TableName};
use dwscript::save;
use dwscript::source::SourceFile;
use proptest::prelude::*;

fn parse(text: &str) -> Ruleset {
    let source = Arc::new(SourceFile::from_bytes("test", text.as_bytes().to_vec()).unwrap());
    save::parse(&source, Family::Ipv4).unwrap()
}

/// Table filter with these chains: `INPUT DROP: a b; X: c`, where `a` stands for `-s 10.0.0.x -j ACCEPT`, and `>X` for a jump.
fn ruleset(words: &str) -> Ruleset {
    let mut text = "*filter\n".to_owned();
    let mut rules = String::new();
    for chain in words.split(';') {
        let (head, body) = chain.split_once(':').unwrap();
        let mut head = head.split_whitespace();
        let name = head.next().unwrap();
        let policy = head.next().unwrap_or(if ["INPUT", "FORWARD"].contains(&name) { "ACCEPT" } else { "-" });
        text += &format!(":{name} {policy} [0:0]\n");
        for rule in body.split_whitespace() {
            rules += &match rule.strip_prefix('>') {
                Some(target) => format!("-A {name} -j {target}\n"),
                None => format!("-A {name} -s 10.0.0.{}/32 -j ACCEPT\n", rule.bytes().next().unwrap()),
            };
        }
    }
    parse(&[text, rules, "COMMIT\n".to_owned()].concat())
}

/// The inverse of [`ruleset`]; chains without a rule and a policy of their own are left out if they are built in.
fn words(ruleset: &Ruleset) -> String {
    let mut out = Vec::new();
    for id in ruleset.live_chains(TableName::Filter) {
        let chain = ruleset.chain(id);
        let policy = ruleset.policy_word(id);
        let rules: Vec<String> = chain.rules().iter().map(|rule| spelled(ruleset.body(rule))).collect();
        if chain.hook().is_some() && rules.is_empty() && policy == "ACCEPT" {
            continue;
        }
        let policy = if ["ACCEPT", "-"].contains(&policy) { String::new() } else { format!(" {policy}") };
        out.push(format!("{}{policy}: {}", ruleset.chain_name(id), rules.join(" ")).trim_end().to_owned());
    }
    out.join("; ")
}

fn spelled(body: &str) -> String {
    match body.strip_prefix("-s 10.0.0.") {
        Some(rest) => char::from(rest.split('/').next().unwrap().parse::<u8>().unwrap()).to_string(),
        None => body.replace("-j ", ">"),
    }
}

#[track_caller]
fn assert_merged(from: &str, to: &str, live: &str, expected: &str) {
    let [from, to, live] = [from, to, live].map(ruleset);
    let [from, to, live] = [&from, &to, &live].map(View::result);
    let mut text = Vec::new();
    write_merged(from, to, live, &mut text).unwrap();
    let merged = parse(&String::from_utf8(text).unwrap());
    assert_eq!(words(&merged), expected);
    assert_eq!(differences(from, to, View::result(&merged)), Vec::<String>::new());
}

#[test]
fn what_nobody_else_changed_becomes_the_target() {
    assert_merged("INPUT: a b c", "INPUT DROP: x a c", "INPUT: a b c", "INPUT DROP: x a c");
    assert_merged("INPUT: a", "INPUT: a", "INPUT: a b", "INPUT: a b");
}

#[test]
fn rules_of_others_stay_where_they_are() {
    assert_merged("INPUT: a b", "INPUT: a x b", "INPUT: f a g b h", "INPUT: f a g x b h");
    assert_merged("INPUT: a b", "INPUT: a b x", "INPUT: a b h", "INPUT: a b h x");
    assert_merged("INPUT: a b", "INPUT: x a b", "INPUT: h a b", "INPUT: h x a b");
    assert_merged("INPUT: a x b", "INPUT: a b", "INPUT: f a g x b h", "INPUT: f a g b h");
}

#[test]
fn a_rule_whose_neighbour_has_gone_comes_by_the_other_one() {
    assert_merged("INPUT: a b c", "INPUT: a x b c", "INPUT: a c", "INPUT: a x c");
    assert_merged("INPUT: a b c", "INPUT: a x b c", "INPUT: b c", "INPUT: x b c");
    assert_merged("INPUT: a b", "INPUT: x a b", "INPUT: f", "INPUT: f x");
}

#[test]
fn what_is_done_already_is_not_done_twice() {
    assert_merged("INPUT: a", "INPUT: a x", "INPUT: a x", "INPUT: a x");
    assert_merged("INPUT: a x", "INPUT: a", "INPUT: a", "INPUT: a");
}

#[test]
fn a_rule_that_others_moved_is_taken_out_where_it_is() {
    assert_merged("FORWARD: x a b", "FORWARD: a b", "FORWARD: a b x", "FORWARD: a b");
}

#[test]
fn chains_come_and_go_as_their_rules_allow() {
    assert_merged("INPUT: a", "INPUT: a >X; X: c", "INPUT: a b", "INPUT: a b >X; X: c");
    assert_merged("INPUT: a >X; X: c", "INPUT: a", "INPUT: a b >X; X: c", "INPUT: a b");
    assert_merged("INPUT: a >X; X: c", "INPUT: a", "INPUT: a >X; X: c f", "INPUT: a; X: f");
    assert_merged(
        "INPUT: a >X; X: c",
        "INPUT: a",
        "INPUT: a >X; FORWARD: >X; X: c",
        "INPUT: a; FORWARD: >X; X:",
    );
}

#[test]
fn a_policy_is_set_only_where_the_change_sets_it() {
    assert_merged("INPUT DROP: a", "INPUT: a", "INPUT DROP: a b", "INPUT: a b");
    assert_merged("INPUT: a", "INPUT: a x", "INPUT DROP: a", "INPUT DROP: a x");
}

#[test]
fn no_jump_to_a_chain_that_others_took_away_is_put_back() {
    let [from, to, live] = ["INPUT: a; X: c", "INPUT: a >X; X: c", "INPUT: a"].map(ruleset);
    let mut text = Vec::new();
    write_merged(View::result(&from), View::result(&to), View::result(&live), &mut text).unwrap();
    assert_eq!(words(&parse(&String::from_utf8(text).unwrap())), "INPUT: a");
}

#[test]
fn what_does_not_hold_is_told() {
    let [from, to] = ["INPUT: a b", "INPUT DROP: x a"].map(ruleset);
    let said = |live: &str| {
        let live = ruleset(live);
        differences(View::result(&from), View::result(&to), View::result(&live)).join("\n")
    };
    assert_eq!(said("INPUT DROP: f x a g"), "");
    assert!(said("INPUT: x a").contains("the policy of `INPUT` in table filter is ACCEPT and not DROP"));
    assert!(said("INPUT DROP: a").contains("missing: `-A INPUT -s 10.0.0.120/32 -j ACCEPT` in table filter"));
    assert!(said("INPUT DROP: x a b").contains("still there: `-A INPUT -s 10.0.0.98/32"));
    assert!(said("INPUT DROP: a x").contains("stand in another order"));
}

/// Lists of letters, each at most once.
fn letters(from: &'static str) -> impl Strategy<Value = Vec<char>> {
    proptest::sample::subsequence(from.chars().collect::<Vec<_>>(), 0..=from.len()).prop_shuffle()
}

fn chain(rules: &[char]) -> String {
    let rules: Vec<String> = rules.iter().map(char::to_string).collect();
    format!("INPUT: {}", rules.join(" "))
}

fn rules_of(ruleset: &Ruleset) -> Vec<char> {
    let words = words(ruleset);
    let rules = words.strip_prefix("INPUT: ").unwrap_or_default();
    rules.chars().filter(|letter| *letter != ' ').collect()
}

fn merged(from: &Ruleset, to: &Ruleset, live: &Ruleset) -> Ruleset {
    let mut text = Vec::new();
    let [from, to, live] = [from, to, live].map(View::result);
    write_merged(from, to, live, &mut text).unwrap();
    assert_eq!(
        differences(from, to, View::result(&parse(std::str::from_utf8(&text).unwrap()))),
        Vec::<String>::new()
    );
    parse(&String::from_utf8(text).unwrap())
}

/// `rules` with others put in, each before the rule of its number.
fn with_others(rules: &[char], places: &[usize]) -> Vec<char> {
    let mut live = rules.to_vec();
    for (other, place) in ('p'..='z').zip(places) {
        live.insert(place % (live.len() + 1), other);
    }
    live
}

fn without(rules: &[char], others: impl Fn(char) -> bool) -> Vec<char> {
    rules.iter().copied().filter(|rule| !others(*rule)).collect()
}

proptest! {
    /// There and back again: each side's rules are as that side has them, and those of others stay, in their order.
    #[test]
    fn a_change_goes_there_and_back_among_rules_of_others(
        from in letters("abcdefgh"),
        to in letters("abcdefgh"),
        places in proptest::collection::vec(0_usize..16, 0..5),
    ) {
        let live = with_others(&from, &places);
        let is_other = |rule: char| rule >= 'p';
        let [before, after, start] = [&from, &to, &live].map(|rules| ruleset(&chain(rules)));
        let there = merged(&before, &after, &start);
        prop_assert_eq!(without(&rules_of(&there), is_other), to);
        let back = merged(&after, &before, &there);
        prop_assert_eq!(without(&rules_of(&back), is_other), from);
        let others = |rules: &[char]| without(rules, |rule| !is_other(rule));
        prop_assert_eq!(others(&rules_of(&back)), others(&live));
        prop_assert_eq!(others(&rules_of(&there)), others(&live));
    }
}
