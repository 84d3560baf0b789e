//! Who jumps to whom among the chains of a ruleset.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::extension::HookSet;
use crate::model::{ChainId, RuleId, Ruleset, TableName};

/// A jump or goto from a chain to a user chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Jump {
    pub(super) from: ChainId,
    pub(super) to: ChainId,
    pub(super) rule: RuleId,
}

/// The jumps, one for each pair of chains: a rule that was read goes before one that a script added.
#[derive(Debug, Default)]
pub(super) struct Graph {
    jumps: FxHashMap<ChainId, Vec<Jump>>,
    /// The index of each pair of chains among the jumps out of the first.
    pairs: FxHashMap<(ChainId, ChainId), usize>,
}

/// Which jumps count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jumps {
    /// Those of rules that were read.
    Read,
    /// All.
    All,
}

impl Graph {
    /// Adds a jump. Rules come in the order of their chains, in which one that was read may follow an added one.
    pub(super) fn add(&mut self, jump: Jump) {
        let jumps = self.jumps.entry(jump.from).or_default();
        let index = *self.pairs.entry((jump.from, jump.to)).or_insert(jumps.len());
        match jumps.get_mut(index) {
            Some(known) => known.rule = known.rule.min(jump.rule),
            None => jumps.push(jump),
        }
    }

    /// The jumps out of `chain`.
    pub(super) fn from(&self, chain: ChainId) -> &[Jump] {
        self.jumps.get(&chain).map_or(&[], Vec::as_slice)
    }

    fn counted<'g>(
        &'g self,
        ruleset: &'g Ruleset,
        chain: ChainId,
        jumps: Jumps,
    ) -> impl Iterator<Item = &'g Jump> {
        let counts = move |jump: &&Jump| jumps == Jumps::All || is_read(ruleset, jump.rule);
        self.from(chain).iter().filter(counts)
    }

    /// For each chain that a built-in chain reaches, the hooks that it is reached from.
    pub(super) fn reach(&self, ruleset: &Ruleset, jumps: Jumps) -> FxHashMap<ChainId, HookSet> {
        let mut reached: FxHashMap<ChainId, HookSet> = FxHashMap::default();
        for table in TableName::ALL {
            for hook in table.hooks() {
                let Some(start) = ruleset.builtin(table, *hook) else { continue };
                let set = HookSet::of(&[*hook]);
                let mut open = vec![start];
                while let Some(chain) = open.pop() {
                    let known = reached.entry(chain).or_insert(HookSet::NONE);
                    if known.contains(*hook) {
                        continue;
                    }
                    *known = known.or(set);
                    open.extend(self.counted(ruleset, chain, jumps).map(|jump| jump.to));
                }
            }
        }
        reached
    }

    /// The jumps by which the built-in chain `start` reaches `end`, the shortest way.
    pub(super) fn path(&self, start: ChainId, end: ChainId) -> Vec<Jump> {
        let mut before: FxHashMap<ChainId, Jump> = FxHashMap::default();
        let mut open = std::collections::VecDeque::from([start]);
        while let Some(chain) = open.pop_front() {
            if chain == end {
                break;
            }
            for jump in self.from(chain) {
                if jump.to != start && !before.contains_key(&jump.to) {
                    before.insert(jump.to, *jump);
                    open.push_back(jump.to);
                }
            }
        }
        let mut path = Vec::new();
        let mut at = end;
        while let Some(jump) = before.get(&at).filter(|_| at != start) {
            path.push(*jump);
            at = jump.from;
        }
        path.reverse();
        path
    }

    /// The loops among the chains of `table`: for each, its jumps in their order, one after the other.
    pub(super) fn loops(&self, ruleset: &Ruleset, table: TableName, jumps: Jumps) -> Vec<Vec<Jump>> {
        let mut search =
            Search { graph: self, ruleset, jumps, done: FxHashSet::default(), loops: Vec::new() };
        for chain in ruleset.live_chains(table) {
            search.from(chain);
        }
        search.loops
    }

    /// How many jumps deep each chain of `table` lies at most below a built-in one; only where there are no loops.
    pub(super) fn depths(
        &self,
        ruleset: &Ruleset,
        table: TableName,
        jumps: Jumps,
    ) -> FxHashMap<ChainId, usize> {
        let mut depths: FxHashMap<ChainId, usize> = FxHashMap::default();
        let mut order = Vec::new();
        let mut seen = FxHashSet::default();
        for hook in table.hooks() {
            let Some(start) = ruleset.builtin(table, *hook) else { continue };
            depths.insert(start, 0);
            self.post_order(ruleset, jumps, start, &mut seen, &mut order);
        }
        for chain in order.into_iter().rev() {
            let depth = depths.get(&chain).copied().unwrap_or(0);
            for jump in self.counted(ruleset, chain, jumps) {
                let known = depths.entry(jump.to).or_insert(0);
                *known = (*known).max(depth + 1);
            }
        }
        depths
    }

    fn post_order(
        &self,
        ruleset: &Ruleset,
        jumps: Jumps,
        start: ChainId,
        seen: &mut FxHashSet<ChainId>,
        order: &mut Vec<ChainId>,
    ) {
        if !seen.insert(start) {
            return;
        }
        let targets = |chain| self.counted(ruleset, chain, jumps).map(|jump| jump.to).collect::<Vec<_>>();
        let mut open = vec![(start, targets(start))];
        while let Some((chain, left)) = open.last_mut() {
            match left.pop() {
                Some(next) if seen.insert(next) => open.push((next, targets(next))),
                Some(_) => {}
                None => {
                    order.push(*chain);
                    open.pop();
                }
            }
        }
    }
}

/// Whether a rule was read, and not added by a script.
pub(super) fn is_read(ruleset: &Ruleset, rule: RuleId) -> bool {
    ruleset.added_by(rule).is_none() || ruleset.is_rewritten(rule)
}

/// A depth-first search for loops, without recursion: chains may be nested 20,000 deep in a text.
struct Search<'g> {
    graph: &'g Graph,
    ruleset: &'g Ruleset,
    jumps: Jumps,
    done: FxHashSet<ChainId>,
    loops: Vec<Vec<Jump>>,
}

impl Search<'_> {
    fn from(&mut self, start: ChainId) {
        if self.done.contains(&start) {
            return;
        }
        // The chains on the way, the index of the next jump of each, and the jump that led to it.
        let mut way: Vec<(ChainId, usize, Option<Jump>)> = vec![(start, 0, None)];
        let mut on_way = FxHashMap::from_iter([(start, 0_usize)]);
        while let Some((chain, next, _)) = way.last_mut() {
            let chain = *chain;
            let Some(jump) = self.graph.from(chain).get(*next).copied() else {
                self.done.insert(chain);
                on_way.remove(&chain);
                way.pop();
                continue;
            };
            *next += 1;
            if self.jumps == Jumps::Read && !is_read(self.ruleset, jump.rule) {
                continue;
            }
            if let Some(first) = on_way.get(&jump.to) {
                let inside = way.get(first + 1..).unwrap_or_default().iter().filter_map(|(_, _, jump)| *jump);
                self.loops.push(inside.chain([jump]).collect());
            } else if !self.done.contains(&jump.to) {
                on_way.insert(jump.to, way.len());
                way.push((jump.to, 0, Some(jump)));
            }
        }
    }
}
