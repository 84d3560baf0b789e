//! What changes in one chain.

use rustc_hash::{FxHashMap, FxHashSet};

use super::align::align;
use super::awkward::is_awkward;
use super::keys::{Key, Keys};
use super::unit::{Side, Unit};
use crate::model::sequence::Sequence;

/// What is compared, and by which keys.
#[derive(Debug)]
pub(super) struct Comparison<'r> {
    pub(super) base: Side<'r>,
    pub(super) target: Side<'r>,
    pub(super) keys: Keys,
}

/// A rule that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deletion {
    /// The first rule of this specification.
    Words(String),
    /// The rule of this number, from 1, once those before are gone.
    Number(usize),
}

/// A rule that comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Addition {
    /// Its number, from 1, once those before are there; none at the chain's end.
    pub(super) number: Option<usize>,
    /// Its canonical text.
    pub(super) words: String,
}

/// What changes in a chain: first all that goes, then all that comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ChainPlan {
    pub(super) deletions: Vec<Deletion>,
    pub(super) additions: Vec<Addition>,
    /// Whether no rule stays.
    pub(super) is_emptied: bool,
}

impl<'r> Comparison<'r> {
    /// What turns the rules `base` into the rules `target`.
    pub(super) fn plan(&mut self, base: &Sequence, target: &Sequence) -> ChainPlan {
        let base = self.base.units(base, &mut self.keys);
        let target = self.target.units(target, &mut self.keys);
        let pairs = self.pairs(&base, &target);
        let pairs = self.deletable(&base, pairs);
        let gone = others(base.len(), pairs.iter().map(|pair| pair.0));
        let deletions = gone.iter().enumerate().map(|(before, index)| self.deletion(&base, *index, before));
        ChainPlan {
            deletions: deletions.collect(),
            is_emptied: pairs.is_empty() && !base.is_empty(),
            additions: self.additions(&target, &pairs),
        }
    }

    /// The rules that may stay: as many as possible.
    fn pairs(&mut self, base: &[Unit], target: &[Unit]) -> Vec<(usize, usize)> {
        // The tail first: of equal rules the last ones are to stay, as the first ones go more easily.
        let same = |pair: (&Unit, &Unit)| self.base.is_same(*pair.0, &self.target, *pair.1);
        let tail = base.iter().rev().zip(target.iter().rev()).take_while(|pair| same(*pair)).count();
        let base_rest = base.get(..base.len() - tail).unwrap_or(&[]);
        let target_rest = target.get(..target.len() - tail).unwrap_or(&[]);
        let head = base_rest.iter().zip(target_rest).take_while(|pair| same(*pair)).count();
        let base_keys = keys_of(&self.base, &mut self.keys, base_rest.get(head..).unwrap_or(&[]));
        let target_keys = keys_of(&self.target, &mut self.keys, target_rest.get(head..).unwrap_or(&[]));
        let mut pairs: Vec<(usize, usize)> = (0..head).map(|index| (index, index)).collect();
        let middle = align(&base_keys, &target_keys, self.keys.len());
        pairs.extend(middle.into_iter().map(|(one, other)| (one + head, other + head)));
        pairs.extend((0..tail).map(|index| (base_rest.len() + index, target_rest.len() + index)));
        pairs
    }

    /// The pairs that are left when each rule that goes is the first of its kind: of equal rules the last ones stay, and
    /// those that stand before one that goes must go with it, to be added again.
    fn deletable(&mut self, base: &[Unit], mut pairs: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
        let copies = self.copies(base, &pairs);
        if copies.is_empty() {
            return pairs;
        }
        let mut copies_of: FxHashMap<usize, &[usize]> = FxHashMap::default();
        for places in copies.values() {
            copies_of.extend(places.iter().map(|place| (*place, places.as_slice())));
        }
        let mut limit = base.len();
        for pair in pairs.iter_mut().rev() {
            if let Some(places) = copies_of.get(&pair.0) {
                let below = places.partition_point(|place| *place < limit);
                pair.0 = places.get(..below).and_then(<[usize]>::last).copied().unwrap_or(pair.0);
            }
            limit = pair.0;
        }
        let gone: FxHashSet<usize> =
            others(base.len(), pairs.iter().map(|pair| pair.0)).into_iter().collect();
        for places in copies.values() {
            let last = places.iter().rev().find(|place| gone.contains(place));
            let stays = |pair: &(usize, usize)| last.is_none_or(|last| pair.0 > *last);
            if places.iter().any(|place| last.is_some_and(|last| place < last) && !gone.contains(place)) {
                let places: FxHashSet<usize> = places.iter().copied().collect();
                pairs.retain(|pair| stays(pair) || !places.contains(&pair.0));
            }
        }
        pairs
    }

    /// The places of all rules that equal one that goes, where there are several; ascending.
    fn copies(&mut self, base: &[Unit], pairs: &[(usize, usize)]) -> FxHashMap<Key, Vec<usize>> {
        let mut copies: FxHashMap<Key, Vec<usize>> = FxHashMap::default();
        let gone = others(base.len(), pairs.iter().map(|pair| pair.0));
        let Some(last) = gone.last() else { return copies };
        let mut targets: FxHashSet<&str> = FxHashSet::default();
        for index in &gone {
            let Some(unit) = base.get(*index) else { continue };
            if !self.is_awkward(*unit) {
                targets.insert(self.target_of(*unit));
                copies.entry(self.base.key(*unit, &mut self.keys)).or_default();
            }
        }
        // A rule that jumps elsewhere is another one, unless its jump is spelled in a way that is not plain to see.
        let all = targets.contains("");
        for (index, unit) in base.iter().enumerate().take(last + 1) {
            let target = self.target_of(*unit);
            if (all || target.is_empty() || targets.contains(target))
                && let Some(places) = copies.get_mut(&self.base.key(*unit, &mut self.keys))
            {
                places.push(index);
            }
        }
        copies.retain(|_, places| places.len() > 1);
        copies
    }

    /// The name that a rule of the base jumps to; empty where it is not plain to see.
    fn target_of(&self, unit: Unit) -> &'r str {
        match unit {
            Unit::Whole(rule) => self.base.target(rule),
            Unit::Part(_) => "",
        }
    }

    fn is_awkward(&mut self, unit: Unit) -> bool {
        let key = self.base.key(unit, &mut self.keys);
        let canonical = self.keys.text(key);
        let family = self.base.view.ruleset().family();
        match unit {
            Unit::Whole(rule) => is_awkward(&self.base.words(rule), canonical, family),
            Unit::Part(_) => is_awkward(canonical, canonical, family),
        }
    }

    /// Deletes the rule at `index`, when `before` rules before it are gone.
    fn deletion(&mut self, base: &[Unit], index: usize, before: usize) -> Deletion {
        let Some(unit) = base.get(index).copied().filter(|unit| !self.is_awkward(*unit)) else {
            return Deletion::Number(index - before + 1);
        };
        match unit {
            // The rule's own words are those that the kernel got: legacy tells `! --dport 0:1023` from `--dport 1024:65535`.
            Unit::Whole(rule) if self.base.view.ruleset().span(rule).is_some() => {
                Deletion::Words(self.base.words(rule).into_owned())
            }
            _ => {
                let key = self.base.key(unit, &mut self.keys);
                Deletion::Words(self.keys.text(key).to_owned())
            }
        }
    }

    fn additions(&mut self, target: &[Unit], pairs: &[(usize, usize)]) -> Vec<Addition> {
        let end = pairs.last().map_or(0, |pair| pair.1 + 1);
        let come = others(target.len(), pairs.iter().map(|pair| pair.1));
        let addition = |index: usize| {
            let unit = target.get(index)?;
            let key = self.target.key(*unit, &mut self.keys);
            let number = (index < end).then_some(index + 1);
            Some(Addition { number, words: self.keys.text(key).to_owned() })
        };
        come.into_iter().filter_map(addition).collect()
    }
}

fn keys_of(side: &Side<'_>, keys: &mut Keys, units: &[Unit]) -> Vec<Key> {
    units.iter().map(|unit| side.key(*unit, keys)).collect()
}

/// The numbers below `length` that are not among `some`, which ascend.
fn others(length: usize, some: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut others = Vec::new();
    let mut next = 0;
    for index in some {
        others.extend(next..index);
        next = index + 1;
    }
    others.extend(next..length);
    others
}
