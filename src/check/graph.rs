//! Who jumps to whom among the chains of a ruleset.

use std::collections::VecDeque;

use super::added_by;
use crate::model::extension::HookSet;
use crate::model::{ChainId, RuleId, Ruleset, TableName};

/// A jump or goto from a chain to a user chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Jump {
    pub(super) from: ChainId,
    pub(super) to: ChainId,
    pub(super) rule: RuleId,
}

/// Which jumps count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jumps {
    /// Those of rules that were read.
    Read,
    /// All.
    All,
}

/// The jumps of all tables; none leads from one table to another.
#[derive(Debug)]
pub(super) struct Graph<'r> {
    ruleset: &'r Ruleset,
    /// The jumps, those of one chain one after the other.
    jumps: Vec<Jump>,
    /// For each chain by its number, where its jumps begin and end among them.
    ranges: Vec<(usize, usize)>,
}

impl<'r> Graph<'r> {
    /// A graph without jumps.
    pub(super) fn new(ruleset: &'r Ruleset) -> Self {
        Self { ruleset, jumps: Vec::new(), ranges: vec![(0, 0); ruleset.chain_count()] }
    }

    /// Begins the jumps of `chain`, each chain once.
    pub(super) fn begin(&mut self, chain: ChainId) {
        let at = self.jumps.len();
        if let Some(range) = self.ranges.get_mut(chain.index()) {
            *range = (at, at);
        }
    }

    /// Adds a jump of the chain begun last. Of several in a row to the same chain, one stands for all: one that was read,
    /// if there is any.
    pub(super) fn add(&mut self, jump: Jump) {
        let Some((start, end)) = self.ranges.get_mut(jump.from.index()) else { return };
        let last = self.jumps.get_mut(*start..).and_then(<[Jump]>::last_mut);
        if let Some(last) = last.filter(|last| last.to == jump.to) {
            if added_by(self.ruleset, last.rule).is_some() {
                *last = jump;
            }
            return;
        }
        self.jumps.push(jump);
        *end = self.jumps.len();
    }

    /// The jumps out of `chain`.
    pub(super) fn from(&self, chain: ChainId) -> &[Jump] {
        let range = self.ranges.get(chain.index()).copied();
        range.and_then(|(start, end)| self.jumps.get(start..end)).unwrap_or_default()
    }

    fn counts(&self, jump: &Jump, jumps: Jumps) -> bool {
        jumps == Jumps::All || added_by(self.ruleset, jump.rule).is_none()
    }

    /// For each chain by its number, the hooks that it is reached from.
    pub(super) fn reach(&self, jumps: Jumps) -> Vec<HookSet> {
        let mut reached = vec![HookSet::NONE; self.ranges.len()];
        let mut open = Vec::new();
        for (table, hook) in TableName::ALL.into_iter().flat_map(hooks) {
            let set = HookSet::of(&[hook]);
            open.extend(self.ruleset.builtin(table, hook));
            while let Some(chain) = open.pop() {
                let Some(known) = reached.get_mut(chain.index()).filter(|known| !known.contains(hook)) else {
                    continue;
                };
                *known = known.or(set);
                let counted = self.from(chain).iter().filter(|jump| self.counts(jump, jumps));
                open.extend(counted.map(|jump| jump.to));
            }
        }
        reached
    }

    /// The jumps by which `start` reaches `end`, the shortest way; none where it does not, or where the two are the same.
    pub(super) fn path(&self, start: ChainId, end: ChainId) -> Vec<Jump> {
        let mut before: Vec<Option<Jump>> = vec![None; self.ranges.len()];
        let mut open = VecDeque::from([start]);
        while let Some(chain) = open.pop_front().filter(|chain| *chain != end) {
            for jump in self.from(chain).iter().filter(|jump| jump.to != start) {
                if let Some(known) = before.get_mut(jump.to.index()).filter(|known| known.is_none()) {
                    *known = Some(*jump);
                    open.push_back(jump.to);
                }
            }
        }
        let mut path = Vec::new();
        let mut at = end;
        while let Some(jump) = before.get(at.index()).copied().flatten().filter(|_| at != start) {
            path.push(jump);
            at = jump.from;
        }
        path.reverse();
        path
    }

    /// The chains in an order in which each comes before those that it jumps to; chains in a circle, and behind one, are
    /// left out.
    pub(super) fn order(&self, jumps: Jumps) -> Vec<ChainId> {
        let mut callers = vec![0_u32; self.ranges.len()];
        for jump in self.jumps.iter().filter(|jump| self.counts(jump, jumps)) {
            if let Some(count) = callers.get_mut(jump.to.index()) {
                *count += 1;
            }
        }
        let chains = TableName::ALL.into_iter().flat_map(|table| self.ruleset.live_chains(table));
        let mut order: Vec<ChainId> = chains.filter(|chain| callers.get(chain.index()) == Some(&0)).collect();
        let mut at = 0;
        while let Some(chain) = order.get(at).copied() {
            at += 1;
            for jump in self.from(chain).iter().filter(|jump| self.counts(jump, jumps)) {
                let Some(count) = callers.get_mut(jump.to.index()) else { continue };
                *count -= 1;
                if *count == 0 {
                    order.push(jump.to);
                }
            }
        }
        order
    }

    /// For each chain by its number, how many jumps below a built-in chain it lies at most, and the last of these jumps.
    /// `order` is [`Graph::order`]; circles do not count.
    pub(super) fn depths(&self, order: &[ChainId], jumps: Jumps) -> Vec<Depth> {
        let mut depths = vec![Depth::default(); self.ranges.len()];
        for chain in order.iter().copied() {
            let is_builtin = self.ruleset.chain(chain).hook().is_some();
            let known = depths.get(chain.index()).copied().unwrap_or_default();
            if !is_builtin && known.by.is_none() {
                continue;
            }
            for jump in self.from(chain).iter().filter(|jump| self.counts(jump, jumps)) {
                if let Some(deeper) = depths.get_mut(jump.to.index())
                    && deeper.jumps <= known.jumps
                {
                    *deeper = Depth { jumps: known.jumps + 1, by: Some(*jump) };
                }
            }
        }
        depths
    }
}

/// How deep below a built-in chain a chain lies.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Depth {
    /// How many jumps lead there at most.
    pub(super) jumps: usize,
    /// The last of them; none where none leads there.
    pub(super) by: Option<Jump>,
}

fn hooks(table: TableName) -> impl Iterator<Item = (TableName, crate::model::Hook)> {
    table.hooks().iter().map(move |hook| (table, *hook))
}
