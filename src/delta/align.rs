//! The longest common subsequence of two lists of keys.
//!
//! Hunt and Szymanski's algorithm: with few copies of each rule, as in rulesets, its cost is that of sorting, however
//! different the lists are; rules that only moved cost no more than others.

use rustc_hash::FxHashMap;

use super::keys::Key;

/// The most pairs of equal rules that are looked at. Beyond, each rule is paired only with the copies nearest in rank, and
/// the subsequence that is found may be a little short of the longest.
const PAIRS: usize = 4_000_000;

/// Pairs of indexes of equal keys, both ascending: as many as there can be.
pub(super) fn align(base: &[Key], target: &[Key]) -> Vec<(usize, usize)> {
    let head = base.iter().zip(target).take_while(|(one, other)| one == other).count();
    let (base_rest, target_rest) = (base.get(head..).unwrap_or(&[]), target.get(head..).unwrap_or(&[]));
    let tail =
        base_rest.iter().rev().zip(target_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let base_rest = base_rest.get(..base_rest.len() - tail).unwrap_or(&[]);
    let target_rest = target_rest.get(..target_rest.len() - tail).unwrap_or(&[]);
    let mut pairs: Vec<(usize, usize)> = (0..head).map(|index| (index, index)).collect();
    let (base_rest, target_rest, keys) = dense(base_rest, target_rest);
    let rest = Chains::default().longest(&base_rest, &Copies::new(&base_rest, &target_rest, keys));
    pairs.extend(rest.into_iter().map(|(one, other)| (one + head, other + head)));
    let (base_tail, target_tail) = (base.len() - tail, target.len() - tail);
    pairs.extend((0..tail).map(|index| (base_tail + index, target_tail + index)));
    pairs
}

/// The numbers below `length` that are not among `some`, which ascend.
pub(super) fn others(length: usize, some: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut others = Vec::new();
    let mut next = 0;
    for index in some {
        others.extend(next..index);
        next = index + 1;
    }
    others.extend(next..length);
    others
}

/// The keys of the base numbered from 0, and how many they are: a chain costs what its own rules cost, however many the
/// other chains have. What the base lacks has a number beyond all.
fn dense(base: &[Key], target: &[Key]) -> (Vec<usize>, Vec<usize>, usize) {
    let mut numbers: FxHashMap<Key, usize> = FxHashMap::default();
    let number = |key: &Key| {
        let next = numbers.len();
        *numbers.entry(*key).or_insert(next)
    };
    let base = base.iter().map(number).collect();
    let target = target.iter().map(|key| numbers.get(key).copied().unwrap_or(usize::MAX)).collect();
    (base, target, numbers.len())
}

/// Where each key stands in the target.
struct Copies {
    /// Where the places of a key start in `places`, by the key.
    starts: Vec<usize>,
    places: Vec<usize>,
    /// How often each key occurs in the base.
    wanted: Vec<usize>,
    /// How many copies of either side of the one of the same rank are looked at.
    reach: usize,
}

impl Copies {
    fn new(base: &[usize], target: &[usize], keys: usize) -> Self {
        let wanted = count(base, keys);
        let found = count(target, keys);
        let mut starts = Vec::with_capacity(keys + 1);
        starts.push(0);
        starts.extend(found.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }));
        let mut next = starts.clone();
        let mut places = vec![0; target.len()];
        for (place, key) in target.iter().enumerate() {
            if let Some(next) = next.get_mut(*key) {
                if let Some(slot) = places.get_mut(*next) {
                    *slot = place;
                }
                *next += 1;
            }
        }
        let pairs: usize = wanted
            .iter()
            .zip(&found)
            .map(|(one, other)| one.saturating_mul(*other))
            .fold(0, usize::saturating_add);
        let reach = if pairs <= PAIRS { usize::MAX } else { PAIRS / base.len().max(1) / 2 + 1 };
        Self { starts, places, wanted, reach }
    }

    /// The places in the target of the copies of `key` that the one of this `rank` in the base may be paired with.
    fn near(&self, key: usize, rank: usize) -> &[usize] {
        let start = self.starts.get(key).copied().unwrap_or(0);
        let end = self.starts.get(key + 1).copied().unwrap_or(start);
        let all = self.places.get(start..end).unwrap_or(&[]);
        let wanted = self.wanted.get(key).copied().unwrap_or(1).max(1);
        let centre = rank * all.len() / wanted;
        let from = centre.saturating_sub(self.reach);
        let to = centre.saturating_add(self.reach).min(all.len());
        all.get(from..to).unwrap_or(&[])
    }
}

fn count(list: &[usize], keys: usize) -> Vec<usize> {
    let mut counts = vec![0; keys];
    for key in list {
        if let Some(count) = counts.get_mut(*key) {
            *count += 1;
        }
    }
    counts
}

/// A pair of equal rules and the pair before it.
#[derive(Clone, Copy)]
struct Node {
    base: u32,
    target: u32,
    before: u32,
}

/// For each length the common subsequence that ends earliest in the target.
#[derive(Default)]
struct Chains {
    nodes: Vec<Node>,
    /// Where in the target they end; strictly ascending.
    ends: Vec<u32>,
    /// Their last pairs.
    last: Vec<u32>,
}

const NONE: u32 = u32::MAX;

#[expect(clippy::cast_possible_truncation, reason = "rules come from texts under 4 GiB")]
const fn short(index: usize) -> u32 {
    index as u32
}

impl Chains {
    fn longest(mut self, base: &[usize], copies: &Copies) -> Vec<(usize, usize)> {
        let mut ranks = vec![0_usize; copies.wanted.len()];
        for (index, key) in base.iter().enumerate() {
            let Some(rank) = ranks.get_mut(*key) else { continue };
            // The last copy first, so that no rule of the base is used twice.
            for place in copies.near(*key, *rank).iter().rev() {
                self.extend(short(index), short(*place));
            }
            *rank += 1;
        }
        self.pairs()
    }

    fn extend(&mut self, base: u32, target: u32) {
        let length = self.ends.partition_point(|end| *end < target);
        if self.ends.get(length) == Some(&target) {
            return;
        }
        let before = length.checked_sub(1).and_then(|shorter| self.last.get(shorter).copied());
        let node = short(self.nodes.len());
        self.nodes.push(Node { base, target, before: before.unwrap_or(NONE) });
        if let (Some(end), Some(last)) = (self.ends.get_mut(length), self.last.get_mut(length)) {
            (*end, *last) = (target, node);
        } else {
            self.ends.push(target);
            self.last.push(node);
        }
    }

    fn pairs(&self) -> Vec<(usize, usize)> {
        let mut pairs = Vec::with_capacity(self.ends.len());
        let mut next = self.last.last().copied().unwrap_or(NONE);
        while let Some(node) = self.nodes.get(next as usize) {
            pairs.push((node.base as usize, node.target as usize));
            next = node.before;
        }
        pairs.reverse();
        pairs
    }
}
