//! Which lines differ between two texts, in time that grows with their length and not with their difference.
//!
//! Lines that occur once in each text, and in the same order, are taken to be the same; what lies between two of them is
//! looked at in the same way, some times over.

use std::hash::Hash;
use std::ops::Range;

use rustc_hash::FxHashMap;

/// How often a gap is looked at for lines that occur once in it.
const DEPTH: usize = 12;

/// Lines of the old text that others of the new one stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
}

/// The changes that make `new` of `old`, in order.
pub(super) fn changes<T: Copy + Eq + Hash>(old: &[T], new: &[T]) -> Vec<Change> {
    let mut found = Vec::new();
    gap(old, new, Change { old: 0..old.len(), new: 0..new.len() }, DEPTH, &mut found);
    found
}

/// Lines are the same only where both ranges of `whole` have them.
fn gap<T: Copy + Eq + Hash>(old: &[T], new: &[T], whole: Change, depth: usize, found: &mut Vec<Change>) {
    let Change { old: mut before, new: mut after } = whole;
    let same =
        |one: usize, other: usize| old.get(one).zip(new.get(other)).is_some_and(|(one, other)| one == other);
    while !before.is_empty() && !after.is_empty() && same(before.start, after.start) {
        (before.start, after.start) = (before.start + 1, after.start + 1);
    }
    while !before.is_empty() && !after.is_empty() && same(before.end - 1, after.end - 1) {
        (before.end, after.end) = (before.end - 1, after.end - 1);
    }
    if before.is_empty() && after.is_empty() {
        return;
    }
    let anchors = if depth == 0 { Vec::new() } else { anchors(old, new, &before, &after) };
    if anchors.is_empty() {
        found.push(Change { old: before, new: after });
        return;
    }
    let (mut at, mut to) = (before.start, after.start);
    for (one, other) in anchors.into_iter().chain([(before.end, after.end)]) {
        gap(old, new, Change { old: at..one, new: to..other }, depth - 1, found);
        (at, to) = (one + 1, other + 1);
    }
}

/// Pairs of equal lines that occur once in each range; both numbers ascend.
fn anchors<T: Copy + Eq + Hash>(
    old: &[T],
    new: &[T],
    before: &Range<usize>,
    after: &Range<usize>,
) -> Vec<(usize, usize)> {
    let mut places: FxHashMap<T, [Place; 2]> = FxHashMap::default();
    for at in before.clone() {
        if let Some([place, _]) = old.get(at).map(|line| places.entry(*line).or_default()) {
            place.note(at);
        }
    }
    for at in after.clone() {
        if let Some([_, place]) = new.get(at).map(|line| places.entry(*line).or_default()) {
            place.note(at);
        }
    }
    let pairs = before.clone().filter_map(|at| match places.get(old.get(at)?)? {
        [Place::Once(one), Place::Once(other)] => Some((*one, *other)),
        _ => None,
    });
    ascending(&pairs.collect::<Vec<_>>())
}

/// Where a line stands in a text.
#[derive(Clone, Copy, Default)]
enum Place {
    #[default]
    Nowhere,
    Once(usize),
    Often,
}

impl Place {
    fn note(&mut self, at: usize) {
        *self = if matches!(self, Self::Nowhere) { Self::Once(at) } else { Self::Often };
    }
}

/// The longest run of pairs whose second numbers ascend; the first ones do.
fn ascending(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length, the index of the pair with the least second number that a run of that length can end in.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    let second = |index: usize| pairs.get(index).map(|pair| pair.1);
    for (index, pair) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| second(*end) < Some(pair.1));
        previous.push(length.checked_sub(1).and_then(|shorter| ends.get(shorter).copied()));
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut run = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(index) = at {
        run.extend(pairs.get(index));
        at = previous.get(index).copied().flatten();
    }
    run.reverse();
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(old: &str, new: &str) -> Vec<Change> {
        let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
        let found = changes(&old, &new);
        let mut made = Vec::new();
        let mut at = 0;
        for change in &found {
            made.extend_from_slice(&old[at..change.old.start]);
            made.extend_from_slice(&new[change.new.clone()]);
            at = change.old.end;
        }
        made.extend_from_slice(&old[at..]);
        assert_eq!(made, new);
        found
    }

    #[test]
    fn only_what_differs_is_changed() {
        assert_eq!(applied("abc", "abc"), []);
        assert_eq!(applied("abcd", "axcd"), [Change { old: 1..2, new: 1..2 }]);
        assert_eq!(applied("", "ab"), [Change { old: 0..0, new: 0..2 }]);
        assert_eq!(applied("xaybz", "aybxz").len(), 2);
        applied("aabbaab", "babab");
        applied("mississippi", "missouri");
    }
}
