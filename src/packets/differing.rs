//! Rules in which two rulesets of one family differ.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::{ChainId, Hook, RuleId, Ruleset, TableName, equal};

/// Rules that the other ruleset does not have in that place.
#[derive(Debug, Default)]
pub(super) struct Differing {
    /// The rules, each with whether it is the new ruleset's, and the hooks that it is reached by.
    pub(super) rules: Vec<(Which, RuleId, Hooks)>,
    /// Whether a policy differs.
    pub(super) policies: bool,
}

/// Which of the two rulesets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Old,
    New,
}

/// The hooks that a chain is reached by.
pub(super) type Hooks = BTreeSet<&'static str>;

impl Differing {
    /// The rules that differ, and policies.
    pub(super) fn between(old: &Ruleset, new: &Ruleset) -> Self {
        let mut found = Self::default();
        for table in TableName::ALL {
            let names: BTreeSet<&str> = old
                .live_chains(table)
                .map(|id| old.chain_name(id))
                .chain(new.live_chains(table).map(|id| new.chain_name(id)))
                .collect();
            let mut changed = Vec::new();
            for name in names {
                let (before, after) = (old.chain_id(table, name), new.chain_id(table, name));
                found.policies |= policy(old, before) != policy(new, after);
                let (left, right) = (rules(old, before), rules(new, after));
                let (left, right) = apart((old, &left), (new, &right));
                if !left.is_empty() || !right.is_empty() {
                    changed.push(((before, left), (after, right)));
                }
            }
            if !changed.is_empty() {
                let (reach_old, reach_new) = (reach(old, table), reach(new, table));
                for ((before, left), (after, right)) in changed {
                    found.add(Which::Old, before, left, &reach_old);
                    found.add(Which::New, after, right, &reach_new);
                }
            }
        }
        found
    }

    fn add(
        &mut self,
        side: Which,
        chain: Option<ChainId>,
        rules: Vec<RuleId>,
        reach: &BTreeMap<ChainId, Hooks>,
    ) {
        let hooks = chain.and_then(|chain| reach.get(&chain)).cloned().unwrap_or_default();
        self.rules.extend(rules.into_iter().map(|rule| (side, rule, hooks.clone())));
    }
}

/// A chain that is not there lets everything pass.
fn policy(ruleset: &Ruleset, chain: Option<ChainId>) -> &str {
    chain.map_or("ACCEPT", |chain| ruleset.policy_word(chain)).trim_start_matches('-')
}

fn rules(ruleset: &Ruleset, chain: Option<ChainId>) -> Vec<RuleId> {
    chain.map(|chain| ruleset.chain(chain).rules().iter().collect()).unwrap_or_default()
}

fn form(ruleset: &Ruleset, rule: RuleId) -> String {
    equal::canonical(ruleset.body(rule), ruleset.family()).into_owned()
}

/// What is left of two lists without what they have in common; all between what they begin and end with alike, where the
/// order alone differs.
fn apart(
    (old, left): (&Ruleset, &[RuleId]),
    (new, right): (&Ruleset, &[RuleId]),
) -> (Vec<RuleId>, Vec<RuleId>) {
    let same = |(one, other): &(&RuleId, &RuleId)| {
        old.body(**one) == new.body(**other) || form(old, **one) == form(new, **other)
    };
    let head = left.iter().zip(right).take_while(same).count();
    let (left, right) = (left.get(head..).unwrap_or_default(), right.get(head..).unwrap_or_default());
    let tail = left.iter().rev().zip(right.iter().rev()).take_while(same).count();
    let (left, right) = (
        left.get(..left.len().saturating_sub(tail)).unwrap_or_default(),
        right.get(..right.len().saturating_sub(tail)).unwrap_or_default(),
    );
    let mut count: HashMap<String, isize> = HashMap::new();
    for rule in right {
        *count.entry(form(new, *rule)).or_default() += 1;
    }
    let gone: Vec<RuleId> =
        left.iter().filter(|rule| !take(&mut count, &form(old, **rule))).copied().collect();
    let mut come = Vec::new();
    for rule in right.iter().rev() {
        if take(&mut count, &form(new, *rule)) {
            come.push(*rule);
        }
    }
    come.reverse();
    if gone.is_empty() && come.is_empty() { (left.to_vec(), right.to_vec()) } else { (gone, come) }
}

/// Takes one of those that are counted.
fn take(count: &mut HashMap<String, isize>, form: &str) -> bool {
    let Some(left) = count.get_mut(form).filter(|left| **left > 0) else { return false };
    *left -= 1;
    true
}

/// The hooks by which the chains of a table are reached.
fn reach(ruleset: &Ruleset, table: TableName) -> BTreeMap<ChainId, Hooks> {
    let mut found: BTreeMap<ChainId, Hooks> = BTreeMap::new();
    let chains: Vec<ChainId> = ruleset.live_chains(table).collect();
    let mut jumps: BTreeMap<ChainId, BTreeSet<ChainId>> = BTreeMap::new();
    for chain in &chains {
        let mut targets: Vec<_> =
            ruleset.chain(*chain).rules().iter().map(|rule| ruleset.target(rule)).collect();
        targets.dedup();
        let to =
            targets.into_iter().filter_map(|target| ruleset.chain_id(table, ruleset.symbols().name(target)));
        let to: BTreeSet<ChainId> = to.collect();
        jumps.insert(*chain, to);
    }
    for hook in [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting] {
        let mut open: Vec<ChainId> = ruleset.builtin(table, hook).into_iter().collect();
        while let Some(chain) = open.pop() {
            if found.entry(chain).or_default().insert(hook.as_str()) {
                open.extend(jumps.get(&chain).into_iter().flatten());
            }
        }
    }
    found
}
