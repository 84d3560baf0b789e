//! Rules that no packet can reach, within one chain: some earlier rule takes every packet that they would.
//!
//! Only what is certain is found, and each rule is compared with few: with those that ask for the very same, by a look-up,
//! and with the first rules that ask for little. Nothing grows with the square of the rules.

use std::hash::{Hash as _, Hasher as _};

use rustc_hash::{FxHashMap, FxHasher};

use super::condition::{Condition, Test};
use super::view::{Rule, Shadowed, Then, View};
use crate::model::{ChainId, RuleId};

/// The most rules that each later one is compared with one by one.
const WIDE: usize = 48;
/// The most kinds of conditions that are looked up for each rule.
const KINDS: usize = 32;
/// The most jumps inside each other that are followed.
const DEEPEST: usize = 16;

/// The rules of a chain that no packet reaches, each with the first rule that takes its packets.
pub(super) fn shadowed(view: &View<'_>, chain: ChainId) -> Vec<Shadowed> {
    let Some(rules) = view.typed(chain) else { return Vec::new() };
    let mut earlier = Earlier::default();
    let mut found = Vec::new();
    for rule in rules.iter() {
        if let Some((by, after_return)) = earlier.covers(&rule.conditions) {
            found.push(Shadowed { rule: rule.id, by, after_return });
        } else if is_final(view, rule.then) {
            earlier.push(rule);
        }
    }
    found
}

/// Whether no packet that a rule matches goes on behind it.
fn is_final(view: &View<'_>, then: Then) -> bool {
    match then {
        Then::Accept | Then::Drop | Then::Return | Then::Goto(_) => true,
        Then::Jump(to) => never_comes_back(view, to, DEEPEST),
        Then::Next | Then::Unknown => false,
    }
}

/// Whether every packet that comes to a chain ends there.
fn never_comes_back(view: &View<'_>, chain: ChainId, depth: usize) -> bool {
    let Some(rules) = view.typed(chain).filter(|_| depth > 0) else { return false };
    for rule in rules.iter() {
        let all = rule.conditions.is_empty();
        match rule.then {
            Then::Accept | Then::Drop if all => return true,
            Then::Jump(to) if all && never_comes_back(view, to, depth - 1) => return true,
            Then::Goto(to) if all => return never_comes_back(view, to, depth - 1),
            Then::Return | Then::Unknown => return false,
            Then::Goto(to) if !never_comes_back(view, to, depth - 1) => return false,
            _ => {}
        }
    }
    false
}

/// A rule that takes packets.
#[derive(Clone, Debug)]
struct Taker {
    rule: RuleId,
    conditions: Vec<Condition>,
    is_bare_return: bool,
}

/// The rules so far that take packets.
#[derive(Debug, Default)]
struct Earlier {
    /// By the kinds of their conditions, and then by the conditions.
    exact: Vec<(Vec<u8>, FxHashMap<u64, Taker>)>,
    /// The first of those that may take more than one that asks for the very same.
    wide: Vec<Taker>,
}

impl Earlier {
    /// The first rule that takes every packet that meets `conditions`, and whether it is a RETURN for every packet.
    fn covers(&self, conditions: &[Condition]) -> Option<(RuleId, bool)> {
        let covers = |taker: &&Taker| {
            taker.conditions.iter().all(|asked| conditions.iter().any(|own| asked.covers(own)))
        };
        let exact = self.exact.iter().filter_map(|(kinds, takers)| takers.get(&key(conditions, kinds)?));
        let taker = exact.chain(&self.wide).filter(covers).min_by_key(|taker| taker.rule)?;
        Some((taker.rule, taker.is_bare_return))
    }

    fn push(&mut self, rule: &Rule) {
        let fickle = |one: &Condition| matches!(one.test, Test::Other { fickle: true, .. });
        if rule.conditions.iter().any(fickle) {
            return;
        }
        let is_bare_return = rule.conditions.is_empty() && rule.then == Then::Return;
        let taker = Taker { rule: rule.id, conditions: rule.conditions.clone(), is_bare_return };
        if self.wide.len() < WIDE && rule.conditions.iter().all(may_be_wider) {
            self.wide.push(taker.clone());
        }
        let kinds = kinds(&rule.conditions);
        let Some(key) = key(&rule.conditions, &kinds) else { return };
        let at = self.exact.iter().position(|(known, _)| *known == kinds);
        let at = at.unwrap_or_else(|| {
            self.exact.push((kinds, FxHashMap::default()));
            self.exact.len() - 1
        });
        if at < KINDS
            && let Some((_, takers)) = self.exact.get_mut(at)
        {
            takers.entry(key).or_insert(taker);
        }
        self.exact.truncate(KINDS);
    }
}

/// Whether rules that ask for something else may be among those that this one takes.
fn may_be_wider(condition: &Condition) -> bool {
    let one_host = |addresses: &[_]| matches!(addresses, [only] if is_host(*only));
    !matches!(&condition.test, Test::Source(from) | Test::Destination(from) if !condition.negated && one_host(from))
}

const fn is_host(address: crate::model::value::address::Address) -> bool {
    matches!(address.prefix(), Some(32 | 128))
}

/// The kinds of conditions, each once; a kind that comes twice keeps a rule out of the look-up.
fn kinds(conditions: &[Condition]) -> Vec<u8> {
    let mut kinds: Vec<u8> = conditions.iter().map(|one| one.test.kind()).collect();
    kinds.sort_unstable();
    kinds
}

/// The hash of the conditions of these kinds; none where there are not as many. Whether they are the same is asked besides.
fn key(conditions: &[Condition], kinds: &[u8]) -> Option<u64> {
    let chosen = || conditions.iter().filter(|one| kinds.contains(&one.test.kind()));
    if chosen().count() != kinds.len() {
        return None;
    }
    // The order in which a rule names its conditions does not count.
    Some(chosen().fold(0, |all, one| {
        let mut hasher = FxHasher::default();
        one.hash(&mut hasher);
        all ^ hasher.finish()
    }))
}
