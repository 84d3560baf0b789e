//! The rules of a chain one by one, as the kernel holds them: one whose addresses are lists stands for several.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::keys::{Key, Keys};
use super::view::View;
use crate::model::sequence::Sequence;
use crate::model::{RuleId, jump};

/// A rule as the kernel holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A rule of the ruleset.
    Whole(RuleId),
    /// One of those that a rule with lists of addresses stands for.
    Part(Key),
}

/// The rules of a chain, with their keys once those were asked for.
#[derive(Debug)]
pub(super) struct Units {
    units: Vec<Unit>,
    keys: Vec<Option<Key>>,
}

impl Units {
    pub(super) fn new(units: Vec<Unit>) -> Self {
        let keys = vec![None; units.len()];
        Self { units, keys }
    }

    pub(super) const fn len(&self) -> usize {
        self.units.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<Unit> {
        self.units.get(index).copied()
    }

    /// The key of the rule at `index`, which is of `side`.
    pub(super) fn key(&mut self, index: usize, side: &Side<'_>, keys: &mut Keys) -> Option<Key> {
        let unit = self.get(index)?;
        let known = self.keys.get_mut(index)?;
        Some(*known.get_or_insert_with(|| side.key(unit, keys)))
    }
}

/// The rules of one of the two views.
#[derive(Debug)]
pub(super) struct Side<'r> {
    pub(super) view: View<'r>,
    /// The names that jumps of this side have for chains, and those that the delta calls them by.
    pub(super) renamed: FxHashMap<&'r str, &'r str>,
}

impl<'r> Side<'r> {
    /// The rules of a chain.
    pub(super) fn units(&self, rules: &Sequence, keys: &mut Keys) -> Vec<Unit> {
        let mut units = Vec::with_capacity(rules.len());
        for rule in rules.iter() {
            match keys.of_list(self.view.ruleset().body(rule)) {
                None => units.push(Unit::Whole(rule)),
                Some(_) if self.is_renamed(rule) => {
                    units.extend(keys.of_list(&self.words(rule)).into_iter().flatten().map(Unit::Part));
                }
                Some(parts) => units.extend(parts.into_iter().map(Unit::Part)),
            }
        }
        units
    }

    /// The specification of a rule, its jump by the name that the delta uses.
    pub(super) fn words(&self, rule: RuleId) -> Cow<'r, str> {
        let body = self.view.ruleset().body(rule).trim();
        if self.is_renamed(rule)
            && let Some(jump) = jump::find(body)
            && let Some(name) = self.renamed.get(jump.name.as_ref())
        {
            let mut words = body.to_owned();
            words.replace_range(jump.range, name);
            return Cow::Owned(words);
        }
        Cow::Borrowed(body)
    }

    fn is_renamed(&self, rule: RuleId) -> bool {
        !self.renamed.is_empty() && self.renamed.contains_key(self.target(rule))
    }

    /// The name behind the rule's `-j` or `-g`; empty where it is not plain to see.
    pub(super) fn target(&self, rule: RuleId) -> &'r str {
        let ruleset = self.view.ruleset();
        ruleset.symbols().name(ruleset.target(rule))
    }

    /// The number of the rule's canonical text.
    fn key(&self, unit: Unit, keys: &mut Keys) -> Key {
        match unit {
            Unit::Whole(rule) => keys.of(&self.words(rule)),
            Unit::Part(key) => key,
        }
    }

    /// Whether two rules are plainly the same; what is spelled in two ways is not.
    pub(super) fn is_same(&self, unit: Unit, other: &Side<'_>, its: Unit) -> bool {
        match (unit, its) {
            (Unit::Whole(one), Unit::Whole(two)) => {
                self.view.is_of(other.view) && one == two || self.words(one) == other.words(two)
            }
            (Unit::Part(one), Unit::Part(two)) => one == two,
            _ => false,
        }
    }
}
