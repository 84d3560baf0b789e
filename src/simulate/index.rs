//! An index of a long chain's rules by what they match: a packet is shown only those that it may be meant by.
//!
//! Each rule stands in one list: that of the address, port or interface that it asks for, whichever tells most packets
//! apart, or the list of those that ask for none. A packet's rules are those of a handful of lists, merged by their places.

use std::hash::{BuildHasher as _, BuildHasherDefault};

use rustc_hash::{FxHashMap, FxHasher};

use super::answer::End;
use super::compile::Rule;
use super::flow::Flow;
use super::scene::Scene;
use super::test::{Ask, Test};

/// Masks that are worth a look-up each; rules with others are in the list of all.
const MASKS: usize = 24;

type Places = Vec<u32>;

/// Something that a rule asks for and a packet either has or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// Mask and address.
    Source(u128, u128),
    Destination(u128, u128),
    DestinationPort(u16),
    /// The hash of a name: two that have the same share a list, and their rules are asked anyway.
    In(u64),
    Out(u64),
}

impl Key {
    fn of(test: &Test) -> Option<Self> {
        match &test.ask {
            _ if test.negated => None,
            Ask::Address(End::Source, address, mask) => Some(Self::Source(*mask, *address)),
            Ask::Address(_, address, mask) => Some(Self::Destination(*mask, *address)),
            Ask::Ports(End::Destination, ranges) => match **ranges {
                [(from, to)] if from == to => Some(Self::DestinationPort(from)),
                _ => None,
            },
            Ask::In(pattern) => pattern.exact().map(|name| Self::In(hash(name))),
            Ask::Out(pattern) => pattern.exact().map(|name| Self::Out(hash(name))),
            _ => None,
        }
    }
}

fn hash(name: &str) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(name)
}

/// The places of a chain's rules by what they ask for.
#[derive(Debug, Default)]
pub(super) struct Index {
    lists: FxHashMap<Key, Places>,
    source_masks: Vec<u128>,
    destination_masks: Vec<u128>,
    rest: Places,
}

impl Index {
    /// The index of rules in the order of their chain: each is listed by what fewest others ask for.
    pub(super) fn new<'r>(rules: impl Iterator<Item = &'r [Rule]> + Clone) -> Self {
        let mut index = Self::default();
        let mut counts: FxHashMap<Key, u32> = FxHashMap::default();
        for rule in rules.clone().flatten() {
            for key in rule.tests.iter().filter_map(Key::of).filter(|key| index.takes(*key)) {
                *counts.entry(key).or_default() += 1;
            }
        }
        for (place, rules) in (0_u32..).zip(rules) {
            let keys = rules.iter().flat_map(|rule| rule.tests.iter()).filter_map(Key::of);
            let counted = keys.filter_map(|key| Some((*counts.get(&key)?, key)));
            match counted.min_by_key(|(count, _)| *count) {
                Some((_, key)) if rules.len() == 1 => index.lists.entry(key).or_default().push(place),
                _ => index.rest.push(place),
            }
        }
        index
    }

    /// Whether rules with this key have a list: there is a look-up for each mask.
    fn takes(&mut self, key: Key) -> bool {
        let (masks, mask) = match key {
            Key::Source(mask, _) => (&mut self.source_masks, mask),
            Key::Destination(mask, _) => (&mut self.destination_masks, mask),
            _ => return true,
        };
        if !masks.contains(&mask) && masks.len() < MASKS {
            masks.push(mask);
        }
        masks.contains(&mask)
    }

    /// The places of the rules that may match the packet, from `from` on.
    pub(super) fn cursor(&self, flow: &Flow, scene: &Scene<'_>, from: u32) -> Cursor<'_> {
        let (source, destination) = (flow.header.source, flow.header.destination);
        let sources = self.source_masks.iter().map(|mask| Key::Source(*mask, source & mask));
        let destinations =
            self.destination_masks.iter().map(|mask| Key::Destination(*mask, destination & mask));
        let port = flow.has_ports().then_some(Key::DestinationPort(flow.header.destination_port));
        let links = [Key::In(hash(scene.name_of(flow.into))), Key::Out(hash(scene.name_of(flow.out)))];
        let keys = sources.chain(destinations).chain(port).chain(links);
        let listed = keys.filter_map(|key| self.lists.get(&key)).chain([&self.rest]);
        let mut lists: Vec<&[u32]> = Vec::with_capacity(8);
        for places in listed {
            let start = places.partition_point(|place| *place < from);
            lists.extend(places.get(start..).filter(|places| !places.is_empty()));
        }
        Cursor::Listed(lists)
    }
}

/// The places of rules, ascending.
#[derive(Debug)]
pub(super) enum Cursor<'c> {
    /// All of them: the next, and the end.
    Each(u32, u32),
    /// Those of some lists.
    Listed(Vec<&'c [u32]>),
}

impl Cursor<'_> {
    pub(super) fn each(length: usize, from: u32) -> Self {
        Self::Each(from, u32::try_from(length).unwrap_or(u32::MAX))
    }
}

impl Iterator for Cursor<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match self {
            Self::Each(next, end) => {
                let place = (*next < *end).then_some(*next)?;
                *next += 1;
                Some(place)
            }
            Self::Listed(lists) => {
                let first = lists
                    .iter_mut()
                    .filter(|list| !list.is_empty())
                    .min_by_key(|list| list.first().copied())?;
                let (place, rest) = first.split_first()?;
                *first = rest;
                Some(*place)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_merged_in_order() {
        let cursor = Cursor::Listed(vec![&[1, 7], &[], &[2, 3, 9]]);
        assert_eq!(cursor.collect::<Vec<_>>(), [1, 2, 3, 7, 9]);
        assert_eq!(Cursor::each(3, 1).collect::<Vec<_>>(), [1, 2]);
    }
}
