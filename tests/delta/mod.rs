//! Deltas: what turns one ruleset into another, and back.

mod merge;
pub(crate) mod pairs;

use std::sync::LazyLock;

use dwscript::delta::{self, Delta, View};
use dwscript::model::Family;
use dwscript::model::fault::FaultKind;
use proptest::prelude::*;

use pairs::{Editor, Pool, Random, Spelling};

/// Rules that stand for one rule each.
static POOL: LazyLock<Pool> = LazyLock::new(|| Pool::new(Family::Ipv4, |entry| entry.ours().len() == 1));

/// The lines of a delta, without its `*table` and `COMMIT` lines where it is of one table.
fn lines(delta: &Delta) -> Vec<String> {
    let tables = delta.tables().iter();
    tables
        .flat_map(|table| table.lines().iter().map(|line| String::from_utf8(line.clone()).unwrap()))
        .collect()
}

/// What turns the text `base` into the text `target`; in both `|` stands for a line feed.
fn between(base: &str, target: &str) -> Vec<String> {
    let parse =
        |text: &str| pairs::parse(&format!("*filter\n{}\nCOMMIT\n", text.replace('|', "\n")), Family::Ipv4);
    lines(&delta::between(View::result(&parse(base)), View::result(&parse(target))))
}

/// Rules of INPUT, a letter each.
fn rules(letters: &[u8]) -> String {
    letters.iter().map(|letter| format!("-A INPUT -s 10.0.0.{letter}/32 -j ACCEPT|")).collect()
}

fn between_letters(base: &str, target: &str) -> Vec<String> {
    let text = |letters: &str| rules(letters.as_bytes()).trim_end_matches('|').to_owned();
    between(&text(base), &text(target))
}

/// The same with each rule as its letter.
#[track_caller]
fn assert_letters(base: &str, target: &str, expected: &[&str]) {
    let lettered = |line: String| {
        let Some((head, tail)) = line.split_once("-s 10.0.0.") else { return line };
        let number: u8 = tail.split('/').next().unwrap().parse().unwrap();
        format!("{head}{}", char::from(number))
    };
    let actual: Vec<String> = between_letters(base, target).into_iter().map(lettered).collect();
    assert_eq!(actual, expected, "{base} to {target}");
}

#[test]
fn nothing_changes_where_the_rules_are_the_same() {
    assert_letters("abc", "abc", &[]);
    let other_words = between(
        "-A INPUT -p tcp --dport 22|-A INPUT -s 10.1.2.3/8",
        "-A INPUT -p tcp -m tcp --dport ssh|-A INPUT -s 10.0.0.0/8",
    );
    assert_eq!(other_words, Vec::<String>::new());
}

#[test]
fn what_goes_stands_before_what_comes() {
    assert_letters(
        "abcd",
        "xbydz",
        &["-D INPUT a", "-D INPUT c", "-I INPUT 1 x", "-I INPUT 3 y", "-A INPUT z"],
    );
}

#[test]
fn a_rule_that_moves_goes_and_comes() {
    assert_letters("abcd", "bcda", &["-D INPUT a", "-A INPUT a"]);
    assert_letters("abcd", "dabc", &["-D INPUT d", "-I INPUT 1 d"]);
}

#[test]
fn of_equal_rules_the_first_go() {
    assert_letters("aab", "ab", &["-D INPUT a"]);
    assert_letters("aabaa", "aaba", &["-D INPUT a", "-D INPUT b", "-I INPUT 3 b"]);
    assert_letters("aaaaba", "aaaab", &["-D INPUT a", "-D INPUT b", "-A INPUT b"]);
    assert_letters("aaa", "a", &["-D INPUT a", "-D INPUT a"]);
    assert_letters("aab", "ac", &["-D INPUT a", "-D INPUT b", "-A INPUT c"]);
}

#[test]
fn a_copy_that_must_stay_is_put_back() {
    assert_letters("aba", "ab", &["-D INPUT a", "-D INPUT a", "-I INPUT 1 a"]);
}

#[test]
fn lists_of_addresses_are_rules_each() {
    let lines = between(
        "-A INPUT -s 10.0.0.1,10.0.0.2 -j DROP|-A INPUT -j ACCEPT",
        "-A INPUT -s 10.0.0.1,10.0.0.3 -j DROP|-A INPUT -j ACCEPT",
    );
    assert_eq!(lines, ["-D INPUT -s 10.0.0.2/32 -j DROP", "-I INPUT 2 -s 10.0.0.3/32 -j DROP"]);
}

#[test]
fn chains_come_before_jumps_and_go_after_them() {
    let base = ":OLD -|-A INPUT -j OLD|-A OLD -j DROP";
    let target = ":NEW -|-A INPUT -j NEW|-A NEW -j DROP";
    assert_eq!(
        between(base, target),
        ["-N NEW", "-D INPUT -j OLD", "-F OLD", "-A INPUT -j NEW", "-A NEW -j DROP", "-X OLD"]
    );
}

#[test]
fn a_user_chain_of_which_no_rule_stays_is_emptied_at_once() {
    let rest = ":U -|-A INPUT -j U";
    let lines =
        between(&format!("{rest}|-A U -s 10.0.0.1|-A U -s 10.0.0.2"), &format!("{rest}|-A U -s 10.0.0.3"));
    assert_eq!(lines, ["-F U", "-A U -s 10.0.0.3/32"]);
    let lines = between("-A INPUT -s 10.0.0.1|-A INPUT -s 10.0.0.2", "-A INPUT -j DROP");
    assert_eq!(lines, ["-D INPUT -s 10.0.0.1", "-D INPUT -s 10.0.0.2", "-A INPUT -j DROP"]);
}

#[test]
fn policies_are_set_where_they_change() {
    assert_eq!(
        between(":INPUT DROP [1:2]|:FORWARD DROP [0:0]", ":INPUT ACCEPT [0:0]|:FORWARD DROP [3:4]"),
        [":INPUT ACCEPT [0:0]"]
    );
    assert_eq!(between(":INPUT ACCEPT [0:0]", ":INPUT - [0:0]"), Vec::<String>::new());
}

#[test]
fn a_rule_that_its_specification_does_not_find_goes_by_number() {
    let kept = "-A INPUT -s 10.0.0.1/32|-A INPUT -s 10.0.0.2/32|";
    let recent = "-A INPUT -m recent --set --name a --mask 255.255.255.255 --rsource";
    let lines = between(
        &format!("{kept}{recent}|{recent}|-A INPUT -s 10.0.0.3/32"),
        &format!("-A INPUT -s 10.0.0.2/32|{recent}"),
    );
    assert_eq!(lines, ["-D INPUT -s 10.0.0.1/32", "-D INPUT 3", "-D INPUT -s 10.0.0.3/32"]);
}

#[test]
fn rules_that_are_told_apart_by_a_prefix_length_go_together_under_ipv6() {
    let text = |rules: &str| pairs::parse(&format!("*filter\n{rules}COMMIT\n"), Family::Ipv6);
    let (wide, narrow) = ("-A INPUT -s 2001:db8::/32 -j ACCEPT\n", "-A INPUT -s 2001:db8::/48 -j ACCEPT\n");
    let (base, target) = (text(&[wide, narrow].concat()), text(wide));
    let delta = delta::between(View::result(&base), View::result(&target));
    assert_eq!(
        lines(&delta),
        [wide.replace("-A", "-D"), narrow.replace("-A", "-D"), wide.to_owned()]
            .map(|line| line.trim_end().to_owned())
    );
}

#[test]
fn what_is_not_understood_goes_as_it_is() {
    let lines = between("-A INPUT -m frob --x  1 -j ACCEPT", "-A INPUT -m frob --x 2 -j ACCEPT");
    assert_eq!(lines, ["-D INPUT -m frob --x  1 -j ACCEPT", "-A INPUT -m frob --x 2 -j ACCEPT"]);
}

#[test]
fn thousands_of_rules_that_are_equal_or_shuffled_do_not_take_long() {
    let mut random = Random::new(7);
    let start = std::time::Instant::now();
    for letters in [1, 2, 10, 10_000] {
        let mut text = |count: usize| -> String {
            let rule =
                |number: usize| format!("-A INPUT -s 10.0.{}.{} -j ACCEPT|", number / 250, number % 250);
            (0..count).map(|_| rule(random.below(letters))).collect()
        };
        let (base, target) = (text(10_000), text(10_000));
        let lines = between(base.trim_end_matches('|'), target.trim_end_matches('|'));
        assert!(lines.len() <= 20_000);
    }
    let chains = |rule: &str| -> String {
        let names = (0..20_000).map(|number| format!("c{number}"));
        let (declared, rules): (Vec<String>, Vec<String>) = names
            .map(|name| (format!(":{name} -"), format!("-A {name} -s 10.0.0.1|-A {name} -s {rule}")))
            .unzip();
        format!("{}|{}", declared.join("|"), rules.join("|"))
    };
    assert_eq!(between(&chains("10.0.0.2"), &chains("10.0.0.3")).len(), 40_000);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

/// Carries out the lines of a delta of INPUT, as iptables-restore does.
fn carry_out(base: &str, lines: &[String]) -> String {
    let mut rules = base.as_bytes().to_vec();
    for line in lines {
        let mut words = line.split(' ');
        let (command, _) = (words.next().unwrap(), words.next());
        let mut number = None;
        if command == "-I" {
            number = words.next().map(|number| number.parse::<usize>().unwrap() - 1);
        }
        let letter: u8 = words.nth(1).unwrap()["10.0.0.".len()..].split('/').next().unwrap().parse().unwrap();
        match command {
            "-D" => drop(rules.remove(rules.iter().position(|rule| *rule == letter).unwrap())),
            _ => rules.insert(number.unwrap_or(rules.len()), letter),
        }
    }
    String::from_utf8(rules).unwrap()
}

/// The most rules that can stay: a common subsequence that holds the last copies of each of its rules.
fn most(base: &[u8], target: &[u8]) -> usize {
    let stays = |set: usize, index: usize| set >> index & 1 == 1;
    let sets = (0..1_usize << base.len()).filter(|set| {
        let is_last =
            |index: usize| (index..base.len()).all(|later| base[later] != base[index] || stays(*set, later));
        let mut wanted = (0..base.len()).filter(|index| stays(*set, *index)).peekable();
        let closed = (0..base.len()).filter(|index| stays(*set, *index)).all(is_last);
        for rule in target {
            if wanted.peek().is_some_and(|index| base[*index] == *rule) {
                wanted.next();
            }
        }
        closed && wanted.peek().is_none()
    });
    sets.map(|set| set.count_ones() as usize).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_lines_do_what_they_are_to_do_and_are_few(base in "[a-e]{0,8}", target in "[a-e]{0,8}") {
        let lines = between_letters(&base, &target);
        prop_assert_eq!(carry_out(&base, &lines), target.clone());
        let stay = most(base.as_bytes(), target.as_bytes());
        let fewest = base.len() + target.len() - 2 * stay;
        // Where copies of one rule are in the way of another's, the fewest are not always found.
        let differ = base.bytes().all(|letter| base.matches(char::from(letter)).count() == 1);
        prop_assert!(lines.len() <= fewest + if differ { 0 } else { 4 }, "{} lines, not {}", lines.len(), fewest);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_lines_are_commands_that_come_to_the_same(seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let base = pairs::base(&POOL, Spelling::Saved, &mut random);
        let ruleset = pairs::parse(&base, Family::Ipv4);
        let before = pairs::state(&ruleset);
        let mut editor = Editor { pool: &POOL, random, ruleset };
        editor.edit();
        let forward = delta::forward(&editor.ruleset);
        // Reading `-E`, the model leaves the jumps to the chain as they are.
        prop_assume!(!lines(&forward).iter().any(|line| line.starts_with("-E ")));
        let target = with_commands(&base, &forward);
        prop_assert_eq!(faults(&target), 0, "{}", target);
        let (after, expected) = (pairs::state(&pairs::parse(&target, Family::Ipv4)), pairs::state(&editor.ruleset));
        prop_assert_eq!(after, expected);
        let back = with_commands(&target, &delta::inverse(&editor.ruleset));
        prop_assert_eq!(faults(&back), 0, "{}", back);
        prop_assert_eq!(pairs::state(&pairs::parse(&back, Family::Ipv4)), before);
        let none = delta::between(View::result(&editor.ruleset), View::result(&editor.ruleset.clone()));
        prop_assert_eq!(lines(&none), Vec::<String>::new());
    }
}

/// A text with the lines of a delta as commands in its tables.
fn with_commands(text: &str, delta: &Delta) -> String {
    let mut text = text.to_owned();
    for table in delta.tables() {
        let head = format!("*{}\n", table.name());
        if !text.contains(&head) {
            text += &format!("{head}COMMIT\n");
        }
        let block = text.find(&head).unwrap();
        let end = block + text[block..].find("\nCOMMIT\n").unwrap() + 1;
        let lines = table.lines().iter().map(|line| format!("{}\n", String::from_utf8_lossy(line)));
        text.insert_str(end, &lines.collect::<String>());
    }
    text
}

/// How many commands of a text could not be carried out.
fn faults(text: &str) -> usize {
    let ruleset = pairs::parse(text, Family::Ipv4);
    let failed = |fault: &&dwscript::model::fault::Fault| matches!(fault.kind, FaultKind::Command(..));
    ruleset.faults().iter().filter(failed).count()
}
