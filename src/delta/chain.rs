//! What changes in one chain.

use rustc_hash::{FxHashMap, FxHashSet};

use super::align::{align, others};
use super::awkward::is_awkward;
use super::keys::{Key, Keys};
use super::unit::{Side, Unit, Units};
use crate::model::sequence::Sequence;

/// How often a better choice is looked for where equal rules are in each other's way.
const ROUNDS: usize = 8;

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

/// Places of rules in the base and in the target that are the same rule; both ascend.
type Pairs = Vec<(usize, usize)>;

/// Places in the base that are in the way of others.
#[derive(Default)]
struct Obstacles {
    /// Rules that cannot stay, as they stand before an equal one that goes.
    lost: FxHashSet<usize>,
    /// Rules without which more of the others might stay: those that are lost, or the fewer ones for whose sake they are.
    costly: Vec<usize>,
}

impl<'r> Comparison<'r> {
    /// What turns the rules `base` into the rules `target`.
    pub(super) fn plan(&mut self, base: &Sequence, target: &Sequence) -> ChainPlan {
        let mut base = Units::new(self.base.units(base, &mut self.keys));
        let mut target = Units::new(self.target.units(target, &mut self.keys));
        let pairs = self.staying(&mut base, &mut target);
        let gone = others(base.len(), pairs.iter().map(|pair| pair.0));
        let deletions =
            gone.iter().enumerate().map(|(before, index)| self.deletion(&mut base, *index, before));
        ChainPlan {
            deletions: deletions.collect(),
            is_emptied: pairs.is_empty() && base.len() > 0,
            additions: self.additions(&mut target, &pairs),
        }
    }

    /// The rules that stay: as many as possible.
    fn staying(&mut self, base: &mut Units, target: &mut Units) -> Pairs {
        let mut barred = FxHashSet::default();
        let mut best = Pairs::new();
        for _ in 0..ROUNDS {
            let mut pairs = self.pairs(base, target, &barred);
            let Obstacles { lost, costly } = self.obstacles(base, &mut pairs);
            pairs.retain(|pair| !lost.contains(&pair.0));
            if pairs.len() > best.len() {
                best = pairs;
            }
            if costly.is_empty() {
                break;
            }
            barred.extend(costly);
        }
        best
    }

    /// A longest common subsequence, those of the base left out that are `barred`.
    fn pairs(&mut self, base: &mut Units, target: &mut Units, barred: &FxHashSet<usize>) -> Pairs {
        let (base_len, target_len) = (base.len(), target.len());
        let same = |one: usize, other: usize| {
            let units = base.get(one).zip(target.get(other)).filter(|_| !barred.contains(&one));
            units.is_some_and(|(unit, its)| self.base.is_same(unit, &self.target, its))
        };
        let most = base_len.min(target_len);
        // The tail first: of equal rules the last ones are to stay, as the first ones go more easily.
        let tail = (0..most).take_while(|at| same(base_len - 1 - at, target_len - 1 - at)).count();
        let head = (0..most - tail).take_while(|at| same(*at, *at)).count();
        let key = |index: usize| {
            if barred.contains(&index) { None } else { base.key(index, &self.base, &mut self.keys) }
        };
        let base_keys: Vec<Key> =
            (head..base_len - tail).map(key).map(|key| key.unwrap_or(Key::NONE)).collect();
        let key = |index: usize| target.key(index, &self.target, &mut self.keys);
        let target_keys: Vec<Key> = (head..target_len - tail).filter_map(key).collect();
        let mut pairs: Pairs = (0..head).map(|at| (at, at)).collect();
        let middle = align(&base_keys, &target_keys);
        pairs.extend(middle.into_iter().map(|(one, other)| (one + head, other + head)));
        pairs.extend((0..tail).rev().map(|at| (base_len - 1 - at, target_len - 1 - at)));
        pairs
    }

    /// What is in the way of the pairs, once of equal rules the last ones are made to stay where that is all the same.
    fn obstacles(&mut self, base: &mut Units, pairs: &mut Pairs) -> Obstacles {
        let copies = self.copies(base, pairs);
        let mut obstacles = Obstacles::default();
        if copies.is_empty() {
            return obstacles;
        }
        let mut equal: FxHashMap<Key, Vec<usize>> = FxHashMap::default();
        for place in copies.values().flatten() {
            let key = base.key(*place, &self.base, &mut self.keys);
            equal.entry(key.unwrap_or(Key::NONE)).or_default().push(*place);
        }
        keep_last(base.len(), pairs, &equal);
        let gone = others(base.len(), pairs.iter().map(|pair| pair.0));
        let is_gone = |place: &usize| gone.binary_search(place).is_ok();
        for places in copies.values() {
            let Some(last) = places.iter().rev().find(|place| is_gone(place)) else { continue };
            let before = places.iter().copied().take_while(|place| place < last);
            let buried: Vec<usize> = before.filter(|place| !is_gone(place)).collect();
            let Some(nearest) = buried.last() else { continue };
            let between = pairs.partition_point(|pair| pair.0 <= *nearest)
                ..pairs.partition_point(|pair| pair.0 < *last);
            if between.len() < buried.len() {
                obstacles.costly.extend(pairs.get(between).into_iter().flatten().map(|pair| pair.0));
            } else {
                obstacles.costly.extend(places.iter().filter(|place| *place < last));
            }
            obstacles.lost.extend(buried);
        }
        obstacles
    }

    /// The places of all rules that `-D` takes for one that goes, where there are several; ascending.
    fn copies(&mut self, base: &mut Units, pairs: &Pairs) -> FxHashMap<Key, Vec<usize>> {
        let mut copies: FxHashMap<Key, Vec<usize>> = FxHashMap::default();
        let gone = others(base.len(), pairs.iter().map(|pair| pair.0));
        let Some(last) = gone.last() else { return copies };
        let mut targets: FxHashSet<&str> = FxHashSet::default();
        for index in &gone {
            let key = base.key(*index, &self.base, &mut self.keys);
            if let Some((unit, key)) = base.get(*index).zip(key)
                && !self.is_awkward(unit, key)
            {
                targets.insert(self.target_of(unit));
                copies.entry(self.keys.loose(key)).or_default();
            }
        }
        // A rule that jumps elsewhere is another one, unless its jump is spelled in a way that is not plain to see.
        let all = targets.contains("");
        for index in 0..=*last {
            let target = base.get(index).map_or("", |unit| self.target_of(unit));
            if (all || target.is_empty() || targets.contains(target))
                && let Some(key) = base.key(index, &self.base, &mut self.keys)
                && let Some(places) = copies.get_mut(&self.keys.loose(key))
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

    fn is_awkward(&self, unit: Unit, key: Key) -> bool {
        let canonical = self.keys.text(key);
        let family = self.base.view.ruleset().family();
        match unit {
            Unit::Whole(rule) => is_awkward(&self.base.words(rule), canonical, family),
            Unit::Part(_) => is_awkward(canonical, canonical, family),
        }
    }

    /// Deletes the rule at `index`, when `before` rules before it are gone.
    fn deletion(&mut self, base: &mut Units, index: usize, before: usize) -> Deletion {
        let key = base.key(index, &self.base, &mut self.keys);
        let found = base.get(index).zip(key).filter(|(unit, key)| !self.is_awkward(*unit, *key));
        match found {
            None => Deletion::Number(index - before + 1),
            // The rule's own words are those that the kernel got: legacy tells `! --dport 0:1023` from `--dport 1024:65535`.
            Some((Unit::Whole(rule), _)) if self.base.view.ruleset().span(rule).is_some() => {
                Deletion::Words(self.base.words(rule).into_owned())
            }
            Some((_, key)) => Deletion::Words(self.keys.text(key).to_owned()),
        }
    }

    fn additions(&mut self, target: &mut Units, pairs: &Pairs) -> Vec<Addition> {
        let end = pairs.last().map_or(0, |pair| pair.1 + 1);
        let come = others(target.len(), pairs.iter().map(|pair| pair.1));
        let addition = |index: usize| {
            let key = target.key(index, &self.target, &mut self.keys)?;
            let number = (index < end).then_some(index + 1);
            Some(Addition { number, words: self.keys.text(key).to_owned() })
        };
        come.into_iter().filter_map(addition).collect()
    }
}

/// Makes of equal rules the last ones stay where no other rule that stays is in between; `copies` are their places.
fn keep_last(length: usize, pairs: &mut Pairs, copies: &FxHashMap<Key, Vec<usize>>) {
    let places = copies.values().flat_map(|places| places.iter().map(|place| (*place, places.as_slice())));
    let copies_of: FxHashMap<usize, &[usize]> = places.collect();
    let mut limit = length;
    for pair in pairs.iter_mut().rev() {
        if let Some(places) = copies_of.get(&pair.0) {
            let below = places.partition_point(|place| *place < limit);
            pair.0 = places.get(..below).and_then(<[usize]>::last).copied().unwrap_or(pair.0);
        }
        limit = pair.0;
    }
}
