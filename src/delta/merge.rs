//! A change carried over to a ruleset that others changed meanwhile, and whether it holds there.
//!
//! Three rulesets meet: `from` and `to` say what the change is, `live` is what it is to be made in. A rule is placed by its
//! neighbours in `to`: before the one behind it, where that is still there. What `live` has and neither of the others knows
//! stays where it is.

use std::borrow::Cow;
use std::io::{self, Write};

use rustc_hash::{FxHashMap, FxHashSet};

use super::align::{align, others};
use super::keys::{Key, Keys};
use super::view::{ChainView, View, policy_word};
use crate::model::{Policy, RuleId, TableName};

/// Writes `live` with the change that turns `from` into `to`, as the text of a whole ruleset; it is to be parsed and
/// compared, not loaded: it names every table.
///
/// # Errors
/// What `out` answers.
pub fn write_merged(from: View<'_>, to: View<'_>, live: View<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut keys = Keys::new(live.ruleset().family());
    TableName::ALL.into_iter().try_for_each(|name| {
        let merged = Three::new(from, to, live, name).merge(&mut keys);
        write_table(name, &merged, out)
    })
}

/// What of the change from `from` to `to` does not hold in `live`, a sentence each: rules that are missing, still there or
/// in another order, and policies.
#[must_use]
pub fn differences(from: View<'_>, to: View<'_>, live: View<'_>) -> Vec<String> {
    let mut keys = Keys::new(live.ruleset().family());
    let tables = TableName::ALL.into_iter();
    tables.flat_map(|name| Three::new(from, to, live, name).differences(&mut keys)).collect()
}

/// What stands in only one of two rulesets, a line each: the rules of `then` that are gone in `now`, and those that came.
#[must_use]
pub fn meanwhile(then: View<'_>, now: View<'_>) -> Vec<String> {
    let mut keys = Keys::new(now.ruleset().family());
    let tables = TableName::ALL.into_iter();
    tables.flat_map(|name| Three::new(then, then, now, name).meanwhile(&mut keys)).collect()
}

/// A table in three rulesets.
struct Three<'r> {
    table: TableName,
    from: Side<'r>,
    to: Side<'r>,
    live: Side<'r>,
}

/// The chains of one of them.
struct Side<'r> {
    view: View<'r>,
    chains: Vec<ChainView<'r>>,
    by_name: FxHashMap<&'r str, usize>,
}

/// A rule and the ruleset that it is of.
#[derive(Clone, Copy)]
struct Rule<'r> {
    view: View<'r>,
    id: RuleId,
}

/// A chain as it is to be.
struct Merged<'r> {
    view: View<'r>,
    name: &'r str,
    is_builtin: bool,
    policy: Policy,
    rules: Vec<Rule<'r>>,
}

impl Merged<'_> {
    fn written_name(&self) -> Cow<'_, [u8]> {
        self.view.ruleset().source().original(self.name)
    }
}

impl<'r> Side<'r> {
    fn new(view: View<'r>, table: TableName) -> Self {
        let chains: Vec<_> = view.chains(table).collect();
        let by_name = chains.iter().enumerate().map(|(index, chain)| (chain.name, index)).collect();
        Self { view, chains, by_name }
    }

    fn get(&self, name: &str) -> Option<ChainView<'r>> {
        self.chains.get(*self.by_name.get(name)?).copied()
    }

    fn rules(&self, name: &str) -> Vec<Rule<'r>> {
        let view = self.view;
        self.get(name)
            .map(|chain| chain.rules.iter().map(|id| Rule { view, id }).collect())
            .unwrap_or_default()
    }
}

impl<'r> Rule<'r> {
    fn body(self) -> &'r str {
        self.view.ruleset().body(self.id).trim()
    }

    fn target(self) -> &'r str {
        let ruleset = self.view.ruleset();
        ruleset.symbols().name(ruleset.target(self.id))
    }
}

fn keys_of(rules: &[Rule<'_>], keys: &mut Keys) -> Vec<Key> {
    rules.iter().map(|rule| keys.of(rule.body())).collect()
}

fn is_alike(one: &[Rule<'_>], other: &[Rule<'_>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.body() == other.body())
}

impl<'r> Three<'r> {
    fn new(from: View<'r>, to: View<'r>, live: View<'r>, table: TableName) -> Self {
        let side = |view| Side::new(view, table);
        Self { table, from: side(from), to: side(to), live: side(live) }
    }

    fn merge(&self, keys: &mut Keys) -> Vec<Merged<'r>> {
        let old = self.live.chains.iter().map(|chain| (*chain, true));
        let new = self.to.chains.iter().filter(|chain| self.live.get(chain.name).is_none());
        let mut merged: Vec<Merged<'r>> = Vec::new();
        for (chain, is_live) in old.chain(new.map(|chain| (*chain, false))) {
            let side = if is_live { &self.live } else { &self.to };
            let rules = self.rules(chain.name, keys);
            // A chain that someone else took away comes back only for what the change puts into it.
            if is_live || self.from.get(chain.name).is_none() || !rules.is_empty() {
                let policy = self.policy(&chain);
                merged.push(Merged {
                    view: side.view,
                    name: chain.name,
                    is_builtin: chain.is_builtin,
                    policy,
                    rules,
                });
            }
        }
        self.drop_removed(&mut merged);
        self.drop_dangling(&mut merged);
        merged
    }

    /// Takes the chains out that the change takes out, unless others use them by now.
    fn drop_removed(&self, merged: &mut Vec<Merged<'r>>) {
        let targets: FxHashSet<&str> =
            merged.iter().flat_map(|chain| chain.rules.iter().map(|rule| rule.target())).collect();
        merged.retain(|chain| {
            let goes = self.from.get(chain.name).is_some() && self.to.get(chain.name).is_none();
            !goes || chain.is_builtin || !chain.rules.is_empty() || targets.contains(chain.name)
        });
    }

    /// Leaves out what the change would add and what would jump to a chain that someone else took away: the kernel would
    /// refuse the whole table.
    fn drop_dangling(&self, merged: &mut [Merged<'r>]) {
        let names: FxHashSet<&str> = merged.iter().map(|chain| chain.name).collect();
        let is_gone = |name: &str| self.to.get(name).is_some() && !names.contains(name);
        for chain in merged {
            chain.rules.retain(|rule| {
                std::ptr::eq(rule.view.ruleset(), self.live.view.ruleset()) || !is_gone(rule.target())
            });
        }
    }

    fn policy(&self, chain: &ChainView<'r>) -> Policy {
        let policy = |side: &Side<'r>| side.get(chain.name).map(|chain| chain.policy);
        let (from, to) = (policy(&self.from), policy(&self.to));
        match to {
            Some(to) if from != Some(to) && policy_word(to).is_some() => to,
            _ => chain.policy,
        }
    }

    fn rules(&self, chain: &str, keys: &mut Keys) -> Vec<Rule<'r>> {
        let [from, to, live] = [&self.from, &self.to, &self.live].map(|side| side.rules(chain));
        if is_alike(&from, &to) {
            return live;
        }
        if is_alike(&from, &live) {
            // As it is in `live`, so that what stays is known for what it is.
            return to;
        }
        Change::new(&from, &to, &live, keys).apply(&to, &live)
    }

    fn differences(&self, keys: &mut Keys) -> Vec<String> {
        let mut found = Vec::new();
        for chain in &self.to.chains {
            let word = policy_word(self.policy(chain));
            let is = self.live.get(chain.name);
            let changed = self.from.get(chain.name).is_none_or(|old| old.policy != chain.policy);
            match is {
                None if self.from.get(chain.name).is_none() => {
                    found.push(format!("chain `{}` of table {} is missing", chain.name, self.table));
                }
                Some(is) if changed && chain.is_builtin && policy_word(is.policy) != word => {
                    let (is, wanted) = (policy_word(is.policy).unwrap_or("none"), word.unwrap_or("none"));
                    let (name, table) = (chain.name, self.table);
                    found.push(format!("the policy of `{name}` in table {table} is {is} and not {wanted}"));
                }
                _ => {}
            }
            self.rule_differences(chain.name, keys, &mut found);
        }
        found
    }

    fn meanwhile(&self, keys: &mut Keys) -> Vec<String> {
        let mut found = Vec::new();
        let new = self.live.chains.iter().filter(|chain| self.to.get(chain.name).is_none());
        for chain in self.to.chains.iter().chain(new) {
            let [then, now] = [&self.to, &self.live].map(|side| side.rules(chain.name));
            if is_alike(&then, &now) {
                continue;
            }
            let mut say = |what: &str, rules: Vec<Rule<'_>>| {
                let (name, table) = (chain.name, self.table);
                let line = |rule: Rule<'_>| format!("{what}: `-A {name} {}` in table {table}", rule.body());
                found.extend(rules.into_iter().map(line));
            };
            say("gone", surplus(&then, &now, keys));
            say("new", surplus(&now, &then, keys));
        }
        found
    }

    fn rule_differences(&self, chain: &str, keys: &mut Keys, found: &mut Vec<String>) {
        let [from, to, live] = [&self.from, &self.to, &self.live].map(|side| side.rules(chain));
        if is_alike(&from, &to) || is_alike(&to, &live) {
            return;
        }
        let Change { added, removed, .. } = Change::new(&from, &to, &live, keys);
        let [from_keys, to_keys, live_keys] = [&from, &to, &live].map(|rules| keys_of(rules, keys));
        let [were, wanted, are] = [&from_keys, &to_keys, &live_keys].map(|list| counts(list));
        let count = |counts: &FxHashMap<Key, usize>, key: Key| counts.get(&key).copied().unwrap_or(0);
        let mut say = |what: &str, rule: &Rule<'_>| {
            found.push(format!("{what}: `-A {chain} {}` in table {}", rule.body(), self.table));
        };
        for (rule, key) in added.iter().filter_map(|index| to.get(*index).zip(to_keys.get(*index))) {
            if count(&are, *key) < count(&wanted, *key) {
                say("missing", rule);
            }
        }
        for (rule, key) in removed.iter().filter_map(|index| from.get(*index).zip(from_keys.get(*index))) {
            if count(&are, *key) > count(&wanted, *key) && count(&were, *key) > count(&wanted, *key) {
                say("still there", rule);
            }
        }
        let shared: usize = wanted.iter().map(|(key, wanted)| count(&are, *key).min(*wanted)).sum();
        if align(&to_keys, &live_keys).len() < shared {
            found.push(format!("rules of `{chain}` in table {} stand in another order", self.table));
        }
    }
}

/// The rules of `one` that `other` does not have, or has not as often.
fn surplus<'r>(one: &[Rule<'r>], other: &[Rule<'r>], keys: &mut Keys) -> Vec<Rule<'r>> {
    let mut left = counts(&keys_of(other, keys));
    let mut is_left = |key| left.get_mut(&key).filter(|left| **left > 0).map(|left| *left -= 1).is_some();
    one.iter()
        .copied()
        .zip(keys_of(one, keys))
        .filter(|(_, key)| !is_left(*key))
        .map(|(rule, _)| rule)
        .collect()
}

fn counts(list: &[Key]) -> FxHashMap<Key, usize> {
    let mut counts = FxHashMap::default();
    for key in list {
        *counts.entry(*key).or_insert(0) += 1;
    }
    counts
}

/// What changes in a chain, by the places of rules.
struct Change {
    /// Rules of `from` that go.
    removed: Vec<usize>,
    /// Rules of `to` that come.
    added: Vec<usize>,
    /// Rules of `live` that go.
    gone: FxHashSet<usize>,
    /// Before which rule of `live` each of `added` comes; none for one that is there already.
    places: Vec<Option<usize>>,
}

impl Change {
    fn new(from: &[Rule<'_>], to: &[Rule<'_>], live: &[Rule<'_>], keys: &mut Keys) -> Self {
        let [from, to, live] = [from, to, live].map(|rules| keys_of(rules, keys));
        let kept = align(&from, &to);
        let found = align(&from, &live);
        let removed = others(from.len(), kept.iter().map(|pair| pair.0));
        let added = others(to.len(), kept.iter().map(|pair| pair.1));
        let mut foreign: FxHashMap<Key, Vec<usize>> = FxHashMap::default();
        for index in others(live.len(), found.iter().map(|pair| pair.1)).into_iter().rev() {
            if let Some(key) = live.get(index) {
                foreign.entry(*key).or_default().push(index);
            }
        }
        let in_live: FxHashMap<usize, usize> = found.into_iter().collect();
        let mut spare = |key: Option<&Key>| foreign.get_mut(key?)?.pop();
        let gone = removed
            .iter()
            .filter_map(|index| in_live.get(index).copied().or_else(|| spare(from.get(*index))));
        let gone: FxHashSet<usize> = gone.collect();
        let place = Places { live: live.len(), kept: &kept, in_live: &in_live };
        let places = added.iter().map(|index| match spare(to.get(*index)) {
            Some(_) => None,
            None => Some(place.of(*index)),
        });
        Self { places: places.collect(), removed, added, gone }
    }

    /// The rules of `live`, changed.
    fn apply<'r>(&self, to: &[Rule<'r>], live: &[Rule<'r>]) -> Vec<Rule<'r>> {
        let mut coming: Vec<(usize, usize)> = Vec::new();
        for (index, place) in self.added.iter().zip(&self.places) {
            coming.extend(place.map(|place| (place, *index)));
        }
        // A stable sort: what comes at one place stays in its order.
        coming.sort_by_key(|(place, _)| *place);
        let mut coming = coming.into_iter().peekable();
        let mut rules = Vec::with_capacity(live.len() + self.added.len());
        for at in 0..=live.len() {
            while let Some((_, index)) = coming.next_if(|(place, _)| *place <= at) {
                rules.extend(to.get(index));
            }
            rules.extend(live.get(at).filter(|_| !self.gone.contains(&at)));
        }
        rules
    }
}

/// Where rules of `to` come in `live`.
struct Places<'p> {
    live: usize,
    kept: &'p [(usize, usize)],
    in_live: &'p FxHashMap<usize, usize>,
}

impl Places<'_> {
    fn of(&self, index: usize) -> usize {
        let next = self.kept.partition_point(|pair| pair.1 < index);
        let behind = self.kept.get(next..).unwrap_or_default();
        let before = self.kept.get(..next).unwrap_or_default();
        let found = |pair: &(usize, usize)| self.in_live.get(&pair.0).copied();
        let Some(first) = behind.first() else {
            return self.live;
        };
        found(first)
            .or_else(|| before.last().and_then(found).map(|at| at + 1))
            .or_else(|| behind.iter().find_map(found))
            .unwrap_or(self.live)
    }
}

fn write_table(name: TableName, chains: &[Merged<'_>], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "*{name}")?;
    for chain in chains {
        let policy = if chain.is_builtin { policy_word(chain.policy).unwrap_or("ACCEPT") } else { "-" };
        out.write_all(b":")?;
        out.write_all(&chain.written_name())?;
        writeln!(out, " {policy} [0:0]")?;
    }
    for chain in chains {
        for rule in &chain.rules {
            out.write_all(b"-A ")?;
            out.write_all(&chain.written_name())?;
            out.write_all(b" ")?;
            out.write_all(&rule.view.ruleset().source().original(rule.body()))?;
            out.write_all(b"\n")?;
        }
    }
    out.write_all(b"COMMIT\n")
}
