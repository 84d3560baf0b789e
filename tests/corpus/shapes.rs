//! Rules that are told at a glance to be in canonical form are in it: corpus rules with other values in their places.

use std::sync::LazyLock;

use dwscript::model::Family;
use dwscript::model::equal;
use dwscript::model::spec::Spec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{FAMILIES, entries, name, text};

/// What a word of a rule is replaced by: values plain and odd, canonical and not.
const VALUES: &[&str] = &[
    "10.0.0.1",
    "10.0.0.1/32",
    "10.0.0.0/8",
    "10.0.0.1/8",
    "010.0.0.1/32",
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "10.0.0.0/08",
    "2001:db8::/32",
    "2001:db8::1/32",
    "2001:DB8::/32",
    "2001:db8::1/128",
    "::/0",
    "::1/128",
    "::ffff:1.2.3.4/128",
    "::10.0.0.1",
    "0",
    "1",
    "22",
    "080",
    "65534",
    "65535",
    "65536",
    "ssh",
    "eth0",
    "eth+",
    "+",
    "br-0123456789ab",
    "WEB",
    "LOG",
    "ACCEPT",
    "REJECT",
    "a-b_c.d",
    "\"a b\"",
    "\"ab\"",
    "\"a'b\"",
    "a.b",
    "a'b",
    "-x",
    "!",
    "10.0.0.1:80",
    "10.0.0.1:0",
    "10.0.0.1:080",
    "\u{e9}",
    "\"\u{e9}\"",
];

/// The rules of the corpus of a family as they are printed, and as they are written.
fn corpus(family: Family) -> Vec<String> {
    let all = entries(&text(&name("accepted", family)));
    all.into_iter().flat_map(|entry| [entry.ours(), vec![entry.line.rule]].concat()).collect()
}

static CORPUS: LazyLock<[Vec<String>; 2]> = LazyLock::new(|| FAMILIES.map(corpus));

fn canonical(rule: &str, family: Family) -> Option<String> {
    Some(Spec::parse(rule, family).ok()?.canonical())
}

#[track_caller]
fn assert_same(rule: &str, family: Family) {
    if let Some(expected) = canonical(rule, family) {
        assert_eq!(equal::canonical(rule, family), expected, "{rule}");
    }
}

#[test]
fn the_corpus_at_a_glance_is_the_corpus_as_it_is_read() {
    for (family, rules) in FAMILIES.into_iter().zip(CORPUS.iter()) {
        // Twice, so that the second time each shape is known.
        rules.iter().chain(rules).for_each(|rule| assert_same(rule, family));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn other_values_at_a_glance_are_as_they_are_read(
        four in select(CORPUS[0].as_slice()),
        six in select(CORPUS[1].as_slice()),
        chosen in prop::collection::vec((any::<prop::sample::Index>(), select(VALUES)), 1..3),
    ) {
        for (family, rule) in FAMILIES.into_iter().zip([four, six]) {
            let mut words: Vec<&str> = rule.split(' ').collect();
            for (at, value) in &chosen {
                let at = at.index(words.len());
                words[at] = value;
            }
            // The rule itself first: its shape is known then.
            assert_same(&rule, family);
            assert_same(&words.join(" "), family);
        }
    }
}
