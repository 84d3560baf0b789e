//! Histories: scripts of several owners run together and apart, are edited between runs, and rules of others come, go and
//! slide. After each run the contract holds.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use dwscript::script::Tagging;

use super::world::{owner_of, rules, run, run_with, without};

const OWNERS: [&str; 3] = ["one", "two", "three"];
/// Chains that scripts and others write into.
const CHAINS: [&str; 4] = ["INPUT", "FORWARD", "DOCKER-USER", "SITE"];
/// Histories under `DWSCRIPT_SOAK=1`; a tenth of them otherwise.
const HISTORIES: u32 = 20_000;

/// The host before anything ran on it.
const HOST: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:DOCKER - [0:0]\n\
    :DOCKER-FORWARD - [0:0]\n:DOCKER-USER - [0:0]\n:SITE - [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -s 10.0.0.1/32 -j ACCEPT\n\
    -A INPUT -s 10.0.0.2/32 -j DROP\n-A INPUT -j SITE\n-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-FORWARD\n\
    -A DOCKER-FORWARD -j DOCKER\n-A SITE -s 10.0.0.3/32 -j RETURN\nCOMMIT\n";

/// A line of a script.
#[derive(Clone, Debug)]
enum Line {
    Append(usize, u8),
    Prepend(usize, u8),
    Insert(usize, usize, u8),
    /// Before or behind a rule of the host that scripts never take out.
    Before(usize, u8),
    After(usize, u8),
    /// Before or behind a rule that some script may have added.
    BeforeOwn(usize, u8, u8),
    AfterOwn(usize, u8, u8),
    Replace(u8),
    Remove(usize, u8),
    Policy(bool),
    NewChain,
    /// Two rules by one call.
    Both(usize, u8, u8),
}

/// What happens between runs.
#[derive(Clone, Debug)]
enum Event {
    /// A line comes into a script, or one goes, or two change places.
    AddLine(usize, Index, Line),
    DropLine(usize, Index),
    SwapLines(usize, Index, Index),
    /// A rule of nobody comes or goes.
    Comes(usize, Index, u8),
    Goes(usize, Index),
    /// dockerd starts: its jumps go to the top of FORWARD.
    Restart,
    /// Scripts run, the bits saying which, together or one after the other.
    Run(u8, bool),
}

fn chain() -> impl Strategy<Value = usize> {
    0..CHAINS.len()
}

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![
        4 => (chain(), 0..6_u8).prop_map(|(chain, rule)| Line::Append(chain, rule)),
        3 => (chain(), 0..6_u8).prop_map(|(chain, rule)| Line::Prepend(chain, rule)),
        2 => (chain(), 1..4_usize, 0..6_u8).prop_map(|(chain, at, rule)| Line::Insert(chain, at, rule)),
        2 => (0..2_usize, 0..6_u8).prop_map(|(chain, rule)| Line::Before(chain, rule)),
        2 => (0..2_usize, 0..6_u8).prop_map(|(chain, rule)| Line::After(chain, rule)),
        1 => (chain(), 0..6_u8, 0..6_u8).prop_map(|(chain, anchor, rule)| Line::BeforeOwn(chain, anchor, rule)),
        1 => (chain(), 0..6_u8, 0..6_u8).prop_map(|(chain, anchor, rule)| Line::AfterOwn(chain, anchor, rule)),
        1 => (0..6_u8).prop_map(Line::Replace),
        1 => (chain(), 0..6_u8).prop_map(|(chain, rule)| Line::Remove(chain, rule)),
        1 => any::<bool>().prop_map(Line::Policy),
        1 => Just(Line::NewChain),
        1 => (chain(), 0..6_u8, 0..6_u8).prop_map(|(chain, one, two)| Line::Both(chain, one, two)),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let owner = || 0..OWNERS.len();
    prop_oneof![
        5 => (owner(), any::<Index>(), line()).prop_map(|(owner, at, line)| Event::AddLine(owner, at, line)),
        2 => (owner(), any::<Index>()).prop_map(|(owner, at)| Event::DropLine(owner, at)),
        1 => (owner(), any::<Index>(), any::<Index>()).prop_map(|(owner, one, two)| Event::SwapLines(owner, one, two)),
        3 => (chain(), any::<Index>(), 0..6_u8).prop_map(|(chain, at, rule)| Event::Comes(chain, at, rule)),
        2 => (chain(), any::<Index>()).prop_map(|(chain, at)| Event::Goes(chain, at)),
        1 => Just(Event::Restart),
        6 => (1..8_u8, any::<bool>()).prop_map(|(which, together)| Event::Run(which, together)),
    ]
}

/// A rule that scripts add.
fn added(number: u8) -> String {
    format!("-s 192.0.2.{number} -j ACCEPT")
}

/// A rule of nobody that comes and goes; one of them is equal to one that scripts add.
fn foreign(number: u8) -> String {
    if number == 5 {
        "-s 192.0.2.5/32 -j ACCEPT".to_owned()
    } else {
        format!("-s 198.51.100.{number}/32 -j DROP")
    }
}

fn anchor(chain: usize) -> &'static str {
    if chain == 0 { "-j SITE" } else { "DOCKER-USER" }
}

/// Whether a script takes rules out of a chain of others. A position that counted them is another one the second time, of
/// which `not-idempotent` warns: such scripts put rules at no position here.
fn takes_out(lines: &[Line], chain: usize) -> bool {
    let from = |line: &Line| match line {
        Line::Replace(_) => Some(0),
        Line::Remove(chain, _) => Some(*chain),
        _ => None,
    };
    lines.iter().any(|line| from(line) == Some(chain))
}

fn text_of(lines: &[Line]) -> String {
    let text = |line: &Line| match line {
        Line::Append(chain, rule) => format!("append({:?}, {:?});\n", CHAINS[*chain], added(*rule)),
        Line::Prepend(chain, rule) => format!("prepend({:?}, {:?});\n", CHAINS[*chain], added(*rule)),
        Line::Insert(chain, _, rule) if takes_out(lines, *chain) => {
            format!("append({:?}, {:?});\n", CHAINS[*chain], added(*rule))
        }
        Line::Insert(chain, at, rule) => format!("insert({:?}, {at}, {:?});\n", CHAINS[*chain], added(*rule)),
        Line::Before(chain, rule) => {
            format!("insert_before({:?}, {:?}, {:?});\n", CHAINS[*chain], anchor(*chain), added(*rule))
        }
        Line::After(chain, rule) => {
            format!("insert_after({:?}, {:?}, {:?});\n", CHAINS[*chain], anchor(*chain), added(*rule))
        }
        Line::BeforeOwn(chain, anchor, rule) => {
            format!("insert_before({:?}, {:?}, {:?});\n", CHAINS[*chain], added(*anchor), added(*rule))
        }
        Line::AfterOwn(chain, anchor, rule) => {
            format!("insert_after({:?}, {:?}, {:?});\n", CHAINS[*chain], added(*anchor), added(*rule))
        }
        Line::Replace(rule) => {
            format!("replace_rule(\"INPUT\", \"-s 10.0.0.2/32 -j DROP\", {:?});\n", added(*rule))
        }
        Line::Remove(chain, rule) => format!("remove_rule({:?}, {:?});\n", CHAINS[*chain], foreign(*rule)),
        Line::Policy(closed) => {
            format!("set_policy(\"INPUT\", {:?});\n", if *closed { "DROP" } else { "ACCEPT" })
        }
        Line::NewChain => "new_chain(\"EXTRA\"); append(\"EXTRA\", \"-j RETURN\");\n".to_owned(),
        Line::Both(chain, one, two) => {
            format!("append({:?}, [{:?}, {:?}]);\n", CHAINS[*chain], added(*one), added(*two))
        }
    };
    lines.iter().map(text).collect()
}

/// What a history has come to.
struct History {
    host: String,
    scripts: [Vec<Line>; 3],
    /// Runs that came to a result.
    done: usize,
}

impl History {
    fn step(&mut self, event: &Event) -> Result<(), TestCaseError> {
        match event {
            Event::AddLine(owner, at, line) => {
                let script = &mut self.scripts[*owner];
                script.insert(at.index(script.len() + 1), line.clone());
            }
            Event::DropLine(owner, at) => {
                let script = &mut self.scripts[*owner];
                if !script.is_empty() {
                    script.remove(at.index(script.len()));
                }
            }
            Event::SwapLines(owner, one, two) => {
                let script = &mut self.scripts[*owner];
                if !script.is_empty() {
                    let (one, two) = (one.index(script.len()), two.index(script.len()));
                    script.swap(one, two);
                }
            }
            Event::Comes(chain, at, rule) => self.comes(CHAINS[*chain], *at, &foreign(*rule)),
            Event::Goes(chain, at) => self.goes(CHAINS[*chain], *at),
            Event::Restart => self.restart(),
            Event::Run(which, together) => {
                let owners: Vec<usize> = (0..OWNERS.len()).filter(|owner| which >> owner & 1 == 1).collect();
                if *together {
                    self.run(&owners)?;
                } else {
                    owners.iter().try_for_each(|owner| self.run(&[*owner]))?;
                }
            }
        }
        Ok(())
    }

    /// Puts a rule of nobody into a chain.
    fn comes(&mut self, chain: &str, at: Index, rule: &str) {
        let count = rules(&self.host, chain).len();
        let at = at.index(count + 1);
        let mut lines: Vec<String> = self.host.lines().map(ToOwned::to_owned).collect();
        let head = format!("-A {chain} ");
        let places: Vec<usize> = (0..lines.len()).filter(|index| lines[*index].starts_with(&head)).collect();
        let end = lines.iter().position(|line| line == "COMMIT").unwrap();
        let place = places.get(at).copied().or(places.last().map(|last| last + 1)).unwrap_or(end);
        lines.insert(place, format!("-A {chain} {rule}"));
        self.host = lines.join("\n") + "\n";
    }

    /// Takes a rule of nobody out of a chain; those that scripts hold on to stay.
    fn goes(&mut self, chain: &str, at: Index) {
        let head = format!("-A {chain} ");
        let mut lines: Vec<String> = self.host.lines().map(ToOwned::to_owned).collect();
        let places: Vec<usize> = (0..lines.len())
            .filter(|index| {
                let rule = lines[*index].strip_prefix(&head);
                rule.is_some_and(|rule| {
                    owner_of(rule).is_none() && !rule.starts_with("-j ") && !rule.starts_with("-s 10.")
                })
            })
            .collect();
        if !places.is_empty() {
            lines.remove(places[at.index(places.len())]);
            self.host = lines.join("\n") + "\n";
        }
    }

    fn restart(&mut self) {
        for jump in ["-j DOCKER-FORWARD", "-j DOCKER-USER"] {
            let line = format!("-A FORWARD {jump}");
            let mut lines: Vec<String> =
                self.host.lines().filter(|other| *other != line).map(ToOwned::to_owned).collect();
            let first = lines.iter().position(|line| line.starts_with("-A FORWARD "));
            let before = lines.iter().position(|line| line.starts_with("-A ")).unwrap();
            lines.insert(first.unwrap_or(before), line);
            self.host = lines.join("\n") + "\n";
        }
    }

    /// Runs each owner's script by itself.
    fn round(&mut self) -> Result<(), TestCaseError> {
        (0..OWNERS.len()).try_for_each(|owner| self.run(&[owner]))
    }

    fn run(&mut self, owners: &[usize]) -> Result<(), TestCaseError> {
        let scripts: Vec<(&str, String)> =
            owners.iter().map(|owner| (OWNERS[*owner], text_of(&self.scripts[*owner]))).collect();
        let before = self.host.clone();
        let Ok(after) = run(&before, &scripts) else { return Ok(()) };
        self.done += 1;
        // What is asked for by what the script itself takes out, or by a position that counts it, fails the second time.
        let shifts = owners.iter().any(|owner| shifts(&self.scripts[*owner]));
        match run(&after, &scripts) {
            Ok(again) => prop_assert_eq!(&again, &after, "the second run changes the result"),
            Err(code) => prop_assert!(shifts, "the second run fails: {}", code),
        }
        let names: Vec<&str> = owners.iter().map(|owner| OWNERS[*owner]).collect();
        others_are_untouched(&before, &after, &names)?;
        if let Ok(fresh) = run(&without(&before, &names), &scripts) {
            stands_as_a_fresh_run_puts_it(&fresh, &after, &names)?;
        }
        self.host = after;
        Ok(())
    }
}

/// Whether a script takes rules out, so that a second run may not find what the first one did.
fn shifts(lines: &[Line]) -> bool {
    lines.iter().any(|line| matches!(line, Line::Remove(..) | Line::Replace(_)))
}

/// Rules of other owners stay, in their order.
fn others_are_untouched(before: &str, after: &str, owners: &[&str]) -> Result<(), TestCaseError> {
    for chain in CHAINS {
        let others = |text: &str| -> Vec<String> {
            let rules = rules(text, chain).into_iter();
            let of_others =
                rules.filter(|rule| owner_of(rule).is_some_and(|owner| !owners.contains(&owner.as_str())));
            of_others.map(ToOwned::to_owned).collect()
        };
        prop_assert_eq!(others(before), others(after), "rules of other owners in {}", chain);
    }
    Ok(())
}

/// The run's own rules and those of nobody are the same, in the same order, as after a fresh run, and none of the own
/// rules stands behind more of nobody's than there.
fn stands_as_a_fresh_run_puts_it(fresh: &str, after: &str, owners: &[&str]) -> Result<(), TestCaseError> {
    for chain in CHAINS.into_iter().chain(["EXTRA", "DOCKER", "DOCKER-FORWARD"]) {
        // Own rules, each with the number of nobody's rules before it, and nobody's rules.
        let split = |text: &str| {
            let (mut own, mut nobodys) = (Vec::new(), Vec::new());
            for rule in rules(text, chain) {
                match owner_of(rule) {
                    Some(owner) if owners.contains(&owner.as_str()) => {
                        own.push((rule.to_owned(), nobodys.len()));
                    }
                    Some(_) => {}
                    None => nobodys.push(rule.to_owned()),
                }
            }
            (own, nobodys)
        };
        let ((fresh_own, fresh_nobodys), (own, nobodys)) = (split(fresh), split(after));
        prop_assert_eq!(&fresh_nobodys, &nobodys, "rules of nobody in {}", chain);
        let order =
            |own: &[(String, usize)]| -> Vec<String> { own.iter().map(|(rule, _)| rule.clone()).collect() };
        prop_assert_eq!(order(&fresh_own), order(&own), "the order of own rules in {}", chain);
        for ((rule, earliest), (_, at)) in fresh_own.iter().zip(&own) {
            prop_assert!(at <= earliest, "{} stands at {}, later than {}, in {}", rule, at, earliest, chain);
        }
    }
    Ok(())
}

fn histories() -> u32 {
    if std::env::var_os("DWSCRIPT_SOAK").is_some_and(|soak| soak == "1") { HISTORIES } else { HISTORIES / 10 }
}

/// A property of histories, over as many of them as `share` of all.
fn check<S: Strategy>(strategy: &S, share: u32, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases: histories() / share, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let result = TestRunner::new_with_rng(config, rng).run(strategy, test);
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn after_any_history_a_second_run_changes_nothing() {
    let done = std::cell::Cell::new(0);
    check(&vec(event(), 4..24), 1, |events| {
        let mut history = History { host: HOST.to_owned(), scripts: [const { Vec::new() }; 3], done: 0 };
        events.iter().try_for_each(|event| history.step(event))?;
        // At last all run apart until nothing changes. A script that holds on to a rule of another owner fails until that
        // is there, so that it may take as many rounds as there are owners, and one more.
        let mut settled = String::new();
        for _ in 0..=OWNERS.len() + 1 {
            settled.clone_from(&history.host);
            history.round()?;
            if settled == history.host {
                break;
            }
        }
        prop_assert_eq!(&settled, &history.host, "owners that run apart do not settle");
        done.set(done.get() + history.done);
        Ok(())
    });
    assert!(done.get() > 6 * histories() as usize, "only {} runs came to a result", done.get());
}

/// A host on which rules of nobody came and went, and a script.
fn host_and_script() -> impl Strategy<Value = (String, Vec<Line>)> {
    let events = vec(event().prop_filter("no runs", |event| !matches!(event, Event::Run(..))), 0..12);
    (events, vec(line(), 1..8)).prop_map(|(events, lines)| {
        let mut history = History { host: HOST.to_owned(), scripts: [const { Vec::new() }; 3], done: 0 };
        events.iter().for_each(|event| history.step(event).unwrap());
        (history.host, lines)
    })
}

/// Positions count rules that are yet to be adopted beside those that are to take their places; they are left out.
#[test]
fn what_is_adopted_stays_adopted() {
    check(&host_and_script(), 4, |(host, mut lines)| {
        lines.retain(|line| !matches!(line, Line::Insert(..)));
        let scripts = [("one", text_of(&lines))];
        // Rules that were loaded by hand are what a run without tags leaves.
        let Ok(by_hand) = run_with(&host, &scripts, Tagging::None) else { return Ok(()) };
        let adopt = || Tagging::Tags { owner: None, adopt: true };
        let Ok(adopted) = run_with(&by_hand, &scripts, adopt()) else { return Ok(()) };
        for tagging in [adopt(), Tagging::default()] {
            match run_with(&adopted, &scripts, tagging) {
                Ok(again) => prop_assert_eq!(&again, &adopted),
                Err(code) => prop_assert!(shifts(&lines), "the second run fails: {}", code),
            }
        }
        Ok(())
    });
}

/// Without tags a run knows no place that it gave a rule, nor which one it gave: rules at the head and at the end, and beside
/// those of others, are found again, those at positions not always, and what it removes it must not add.
#[test]
fn without_tags_a_second_run_changes_nothing() {
    let lines = |lines: &[Line]| {
        let found = |line: &&Line| {
            !matches!(line, Line::Insert(..) | Line::BeforeOwn(..) | Line::AfterOwn(..) | Line::Remove(_, 5))
        };
        lines.iter().filter(found).cloned().collect::<Vec<Line>>()
    };
    check(&host_and_script(), 4, |(host, all)| {
        let scripts = [("one", text_of(&lines(&all)))];
        let Ok(once) = run_with(&host, &scripts, Tagging::None) else { return Ok(()) };
        match run_with(&once, &scripts, Tagging::None) {
            Ok(again) => prop_assert_eq!(&again, &once),
            Err(code) => prop_assert!(shifts(&all), "the second run fails: {}", code),
        }
        Ok(())
    });
}
