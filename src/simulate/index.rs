//! An index of a long chain's rules by what they match: a packet is shown only those that it may be meant by.
//!
//! Each rule stands in one list: that of the address, port or interface that it asks for, whichever tells most packets
//! apart, or the list of those that ask for none. A packet's rules are those of a handful of lists, merged by their places.

use rustc_hash::FxHashMap;

use super::answer::End;
use super::compile::Rule;
use super::flow::Flow;
use super::scene::Scene;
use super::test::{Ask, Test};

/// Masks that are worth a look-up each; rules with others are in the list of all.
const MASKS: usize = 24;

type Places = Vec<u32>;

/// Rules by address: a look-up for each mask that occurs.
#[derive(Debug, Default)]
struct Addresses {
    masks: Vec<u128>,
    places: FxHashMap<(u128, u128), Places>,
}

impl Addresses {
    /// Whether rules with this mask have their lists.
    fn takes(&mut self, mask: u128) -> bool {
        if !self.masks.contains(&mask) && self.masks.len() < MASKS {
            self.masks.push(mask);
        }
        self.masks.contains(&mask)
    }

    fn of(&self, address: u128) -> impl Iterator<Item = &Places> {
        self.masks.iter().filter_map(move |mask| self.places.get(&(*mask, address & mask)))
    }
}

/// The places of a chain's rules by what they ask for.
#[derive(Debug, Default)]
pub(super) struct Index {
    sources: Addresses,
    destinations: Addresses,
    ports: FxHashMap<u16, Places>,
    into: FxHashMap<Box<str>, Places>,
    out: FxHashMap<Box<str>, Places>,
    rest: Places,
}

impl Index {
    /// The index of rules in the order of their chain.
    pub(super) fn new<'r>(rules: impl Iterator<Item = &'r [Rule]>) -> Self {
        let mut index = Self::default();
        for (place, rules) in (0_u32..).zip(rules) {
            match rules {
                [rule] => index.list(rule).push(place),
                _ => index.rest.push(place),
            }
        }
        index
    }

    /// The list that the rule belongs in.
    fn list(&mut self, rule: &Rule) -> &mut Places {
        let best = rule.tests.iter().filter(|test| !test.negated).max_by_key(|test| weight(test));
        match best.map(|test| &test.ask) {
            Some(Ask::Address(End::Source, address, mask)) if *mask != 0 && self.sources.takes(*mask) => {
                self.sources.places.entry((*mask, *address)).or_default()
            }
            Some(Ask::Address(End::Destination, address, mask))
                if *mask != 0 && self.destinations.takes(*mask) =>
            {
                self.destinations.places.entry((*mask, *address)).or_default()
            }
            Some(Ask::Ports(End::Destination, ranges)) if is_one(ranges) => {
                self.ports.entry(ranges.first().map_or(0, |range| range.0)).or_default()
            }
            Some(Ask::Out(pattern)) if pattern.exact().is_some() => {
                self.out.entry(pattern.exact().unwrap_or_default().into()).or_default()
            }
            Some(Ask::In(pattern)) if pattern.exact().is_some() => {
                self.into.entry(pattern.exact().unwrap_or_default().into()).or_default()
            }
            _ => &mut self.rest,
        }
    }

    /// The places of the rules that may match the packet, from `from` on.
    pub(super) fn cursor(&self, flow: &Flow, scene: &Scene<'_>, from: u32) -> Cursor<'_> {
        let mut lists: Vec<&[u32]> = Vec::with_capacity(8);
        let port = self.ports.get(&flow.header.destination_port).filter(|_| flow.has_ports());
        let into = self.into.get(scene.name_of(flow.into));
        let out = self.out.get(scene.name_of(flow.out));
        let sources = self.sources.of(flow.header.source);
        let destinations = self.destinations.of(flow.header.destination);
        let all = sources.chain(destinations).chain(port).chain(into).chain(out).chain([&self.rest]);
        for places in all {
            let start = places.partition_point(|place| *place < from);
            lists.extend(places.get(start..).filter(|places| !places.is_empty()));
        }
        Cursor::Listed(lists)
    }
}

fn is_one(ranges: &[(u16, u16)]) -> bool {
    matches!(ranges, [(from, to)] if from == to)
}

/// How many packets a question tells apart, roughly.
fn weight(test: &Test) -> u32 {
    match &test.ask {
        Ask::Address(_, _, mask) => mask.count_ones() * 4,
        Ask::Ports(End::Destination, ranges) if is_one(ranges) => 14 * 4,
        Ask::Out(pattern) if pattern.exact().is_some() => 10,
        Ask::In(pattern) if pattern.exact().is_some() => 9,
        _ => 0,
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
