//! The order of a chain's rules.
//!
//! A vector of rules in chunks: an edit anywhere in a chain of 100,000 rules moves at most one chunk, and a snapshot
//! shares all chunks that have not changed since.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ids::RuleId;
use super::symbol::Symbol;

/// The most rules in one chunk.
const CHUNK: usize = 512;

#[derive(Debug, Default)]
struct Chunk {
    rules: Vec<RuleId>,
    /// The targets of its rules; a removed rule's target may linger.
    targets: u64,
    /// How many of its rules count for the reader who asked last; nothing once it has changed.
    counted: Counted,
}

impl Clone for Chunk {
    fn clone(&self) -> Self {
        Self { rules: self.rules.clone(), targets: self.targets, counted: Counted::default() }
    }
}

impl Chunk {
    /// How many of its rules count for `reader`.
    fn count(&self, reader: Symbol, counts: &impl Fn(RuleId) -> bool) -> usize {
        self.counted.get(reader).unwrap_or_else(|| {
            let count = self.rules.iter().filter(|rule| counts(**rule)).count();
            self.counted.set(reader, count);
            count
        })
    }
}

/// A count and whose it is in one word: the reader's number plus one, then 16 bits of the count.
#[derive(Debug, Default)]
struct Counted(AtomicU64);

impl Counted {
    fn get(&self, reader: Symbol) -> Option<usize> {
        let word = self.0.load(Ordering::Relaxed);
        (word >> 16 == reader.number() + 1).then_some(())?;
        usize::try_from(word & 0xffff).ok()
    }

    fn set(&self, reader: Symbol, count: usize) {
        let count = u64::try_from(count).unwrap_or(0) & 0xffff;
        self.0.store((reader.number() + 1) << 16 | count, Ordering::Relaxed);
    }

    fn forget(&mut self) {
        *self.0.get_mut() = 0;
    }
}

/// Rules in their order; cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    chunks: Vec<Arc<Chunk>>,
    len: usize,
}

/// A place in a [`Sequence`] that does not change; the default is its start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    chunk: usize,
    within: usize,
}

impl Sequence {
    /// How many rules there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The rule at `index`, from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<RuleId> {
        let (chunk, within) = self.locate(index);
        self.chunks.get(chunk)?.rules.get(within).copied()
    }

    /// Adds `rule`, whose target is `target`, as the last.
    pub fn push(&mut self, rule: RuleId, target: Symbol) {
        if self.chunks.last().is_none_or(|chunk| chunk.rules.len() >= CHUNK) {
            self.chunks.push(Arc::default());
        }
        if let Some(chunk) = self.chunks.last_mut().map(Arc::make_mut) {
            chunk.rules.push(rule);
            chunk.targets |= target.mask();
            chunk.counted.forget();
            self.len += 1;
        }
    }

    /// Puts `rule`, whose target is `target`, before the rule at `index`, or last where `index` is beyond the end.
    pub fn insert(&mut self, index: usize, rule: RuleId, target: Symbol) {
        if index >= self.len {
            self.push(rule, target);
            return;
        }
        let (mut at, mut within) = self.locate(index);
        if self.chunks.get(at).is_some_and(|chunk| chunk.rules.len() >= CHUNK) {
            self.split(at);
            if within > CHUNK / 2 {
                (at, within) = (at + 1, within - CHUNK / 2);
            }
        }
        if let Some(chunk) = self.chunks.get_mut(at).map(Arc::make_mut) {
            chunk.rules.insert(within, rule);
            chunk.targets |= target.mask();
            chunk.counted.forget();
            self.len += 1;
        }
    }

    /// Takes out the rule at `index`.
    pub fn remove(&mut self, index: usize) -> Option<RuleId> {
        let (at, within) = self.locate(index);
        let chunk = Arc::make_mut(self.chunks.get_mut(at)?);
        if within >= chunk.rules.len() {
            return None;
        }
        let rule = chunk.rules.remove(within);
        chunk.counted.forget();
        self.len -= 1;
        if chunk.rules.is_empty() {
            self.chunks.remove(at);
        }
        Some(rule)
    }

    /// Rules in the order given, each with its target.
    pub fn of(rules: impl Iterator<Item = (RuleId, Symbol)>) -> Self {
        let mut sequence = Self::default();
        rules.for_each(|(rule, target)| sequence.push(rule, target));
        sequence
    }

    /// Takes out all rules.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The rules in order.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = RuleId> + '_ {
        self.chunks.iter().flat_map(|chunk| chunk.rules.iter().copied())
    }

    /// The rule that `cursor` stands before; the cursor moves on.
    pub fn step(&self, cursor: &mut Cursor) -> Option<RuleId> {
        loop {
            let chunk = self.chunks.get(cursor.chunk)?;
            if let Some(rule) = chunk.rules.get(cursor.within) {
                cursor.within += 1;
                return Some(*rule);
            }
            *cursor = Cursor { chunk: cursor.chunk + 1, within: 0 };
        }
    }

    /// The index of `rule`.
    #[must_use]
    pub fn position(&self, rule: RuleId) -> Option<usize> {
        let mut before = 0;
        for chunk in &self.chunks {
            if let Some(within) = chunk.rules.iter().position(|other| *other == rule) {
                return Some(before + within);
            }
            before += chunk.rules.len();
        }
        None
    }

    /// The index and rule of the first rule that may have `target` and of which `test` says so.
    pub fn find_target(&self, target: Symbol, test: impl Fn(RuleId) -> bool) -> Option<(usize, RuleId)> {
        let mut before = 0;
        for chunk in &self.chunks {
            if chunk.targets & target.mask() != 0
                && let Some(within) = chunk.rules.iter().position(|rule| test(*rule))
            {
                return chunk.rules.get(within).map(|rule| (before + within, *rule));
            }
            before += chunk.rules.len();
        }
        None
    }

    /// How many rules before `index` count for `reader`. What counts for one reader must not change.
    pub fn count_before(&self, index: usize, reader: Symbol, counts: impl Fn(RuleId) -> bool) -> usize {
        let (mut left, mut count) = (index, 0);
        for chunk in &self.chunks {
            if left < chunk.rules.len() {
                let part = chunk.rules.iter().take(left);
                return count + part.filter(|rule| counts(**rule)).count();
            }
            left -= chunk.rules.len();
            count += chunk.count(reader, &counts);
        }
        count
    }

    /// The index of the rule that `number` counting ones stand before, itself counting for `reader`.
    pub fn nth(&self, number: usize, reader: Symbol, counts: impl Fn(RuleId) -> bool) -> Option<usize> {
        let (mut left, mut before) = (number, 0);
        for chunk in &self.chunks {
            let count = chunk.count(reader, &counts);
            if left < count {
                let mut counting = chunk.rules.iter().enumerate().filter(|(_, rule)| counts(**rule));
                return counting.nth(left).map(|(within, _)| before + within);
            }
            left -= count;
            before += chunk.rules.len();
        }
        None
    }

    fn locate(&self, index: usize) -> (usize, usize) {
        let mut left = index;
        for (at, chunk) in self.chunks.iter().enumerate() {
            if left < chunk.rules.len() {
                return (at, left);
            }
            left -= chunk.rules.len();
        }
        (self.chunks.len(), left)
    }

    fn split(&mut self, at: usize) {
        let Some(chunk) = self.chunks.get_mut(at).map(Arc::make_mut) else { return };
        chunk.counted.forget();
        let rules = chunk.rules.split_off(CHUNK / 2);
        let tail = Chunk { rules, targets: chunk.targets, counted: Counted::default() };
        self.chunks.insert(at + 1, Arc::new(tail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaves_as_a_vector() {
        let mut sequence = Sequence::default();
        let mut vector = Vec::new();
        let mut seed: usize = 7;
        for number in 0..5000_u32 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 33) % (vector.len() + 1);
            if number % 5 == 4 && at < vector.len() {
                assert_eq!(sequence.remove(at), Some(vector.remove(at)));
            } else {
                sequence.insert(at, RuleId::new(number), Symbol::EMPTY);
                vector.insert(at, RuleId::new(number));
            }
        }
        assert_eq!(sequence.iter().collect::<Vec<_>>(), vector);
        assert_eq!(sequence.len(), vector.len());
        assert_eq!(sequence.get(1234), vector.get(1234).copied());
        assert_eq!(sequence.position(vector[777]), Some(777));
    }

    #[test]
    fn counts_some_of_its_rules_as_a_vector_would() {
        let mut sequence = Sequence::default();
        (0..2000).for_each(|number| sequence.push(RuleId::new(number), Symbol::EMPTY));
        let counts = |rule: RuleId| !rule.index().is_multiple_of(3);
        for round in 0..50 {
            sequence.insert(round * 37, RuleId::new(2000 + u32::try_from(round).unwrap()), Symbol::EMPTY);
            sequence.remove(round * 31);
            let all: Vec<RuleId> = sequence.iter().collect();
            let counting: Vec<usize> = (0..all.len()).filter(|index| counts(all[*index])).collect();
            for number in [0, 1, 511, 700, 1300, counting.len()] {
                assert_eq!(sequence.nth(number, Symbol::EMPTY, counts), counting.get(number).copied());
            }
            for index in [0, 1, 512, 900, all.len()] {
                let before = counting.iter().filter(|at| **at < index).count();
                assert_eq!(sequence.count_before(index, Symbol::EMPTY, counts), before);
            }
        }
    }

    #[test]
    fn a_snapshot_does_not_change() {
        let mut sequence = Sequence::default();
        (0..600).for_each(|number| sequence.push(RuleId::new(number), Symbol::EMPTY));
        let before = sequence.clone();
        sequence.remove(3);
        assert_eq!((before.len(), sequence.len()), (600, 599));
        assert_eq!(before.get(3), Some(RuleId::new(3)));
    }
}
