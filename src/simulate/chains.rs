//! Chains that are compiled as they are reached, and long ones that are looked up by what their rules match.

use std::cell::{Cell, OnceCell};

use super::compile::{self, Rule};
use super::flow::Flow;
use super::index::{Cursor, Index};
use super::scene::Scene;
use crate::model::{ChainId, RuleId, Ruleset, TableName};

/// Chains up to this length are walked rule by rule.
const SHORT: usize = 24;

/// How many packets a long chain must see before it is worth an index: to make one, all of its rules are read.
const VISITS: u32 = 2;

/// A chain.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) id: ChainId,
    table: TableName,
    rules: Box<[RuleId]>,
    compiled: Box<[OnceCell<Box<[Rule]>>]>,
    visits: Cell<u32>,
    index: OnceCell<Index>,
}

impl Chain {
    fn new(ruleset: &Ruleset, id: ChainId) -> Self {
        let chain = ruleset.chain(id);
        let rules: Box<[RuleId]> = chain.rules().iter().collect();
        let compiled = rules.iter().map(|_| OnceCell::new()).collect();
        Self { id, table: chain.table(), rules, compiled, visits: Cell::new(0), index: OnceCell::new() }
    }

    /// The rules that stand for the rule at `place`, from 0.
    pub(super) fn compiled(&self, ruleset: &Ruleset, place: usize) -> &[Rule] {
        match (self.compiled.get(place), self.rules.get(place)) {
            (Some(cell), Some(rule)) => cell.get_or_init(|| compile::compile(ruleset, self.table, *rule)),
            _ => &[],
        }
    }

    /// The rule at `place`, from 0.
    pub(super) fn rule(&self, place: usize) -> Option<RuleId> {
        self.rules.get(place).copied()
    }

    /// The places of the rules that may match the packet, from `from` on.
    pub(super) fn cursor(&self, ruleset: &Ruleset, flow: &Flow, scene: &Scene<'_>, from: u32) -> Cursor<'_> {
        if self.rules.len() <= SHORT {
            return Cursor::each(self.rules.len(), from);
        }
        if from == 0 {
            self.visits.set(self.visits.get().saturating_add(1));
        }
        if self.visits.get() <= VISITS {
            return Cursor::each(self.rules.len(), from);
        }
        let index = self
            .index
            .get_or_init(|| Index::new((0..self.rules.len()).map(|place| self.compiled(ruleset, place))));
        index.cursor(flow, scene, from)
    }
}

/// The chains of a ruleset, as far as they were reached.
#[derive(Debug)]
pub(super) struct Chains {
    chains: Box<[OnceCell<Chain>]>,
    tracks: OnceCell<bool>,
}

impl Chains {
    pub(super) fn new(ruleset: &Ruleset) -> Self {
        let chains = (0..ruleset.chain_count()).map(|_| OnceCell::new()).collect();
        Self { chains, tracks: OnceCell::new() }
    }

    pub(super) fn get(&self, ruleset: &Ruleset, id: ChainId) -> Option<&Chain> {
        Some(self.chains.get(id.index())?.get_or_init(|| Chain::new(ruleset, id)))
    }

    /// Whether any rule makes the kernel track connections: without one, the nat tables are not asked either.
    pub(super) fn tracks(&self, ruleset: &Ruleset) -> bool {
        *self.tracks.get_or_init(|| {
            // Most rulesets that track rewrite too, and these are the tables that say so first.
            let tables =
                [TableName::Nat, TableName::Filter, TableName::Raw, TableName::Mangle, TableName::Security];
            let chains = tables.into_iter().flat_map(|table| ruleset.live_chains(table));
            let mut rules = chains.flat_map(|chain| ruleset.chain(chain).rules().iter());
            rules.any(|rule| needs_tracking(ruleset, rule))
        })
    }
}

/// Targets that need connection tracking.
const TRACKING: [&str; 11] = [
    "MASQUERADE",
    "DNAT",
    "SNAT",
    "REDIRECT",
    "NETMAP",
    "CT",
    "NOTRACK",
    "CONNMARK",
    "CONNSECMARK",
    "SYNPROXY",
    "CLUSTERIP",
];

/// How the matches that need it are written.
const TRACKED: [&str; 5] = ["-m conntrack", "-m state", "-m conn", "-m helper", "-m cluster"];

fn needs_tracking(ruleset: &Ruleset, rule: RuleId) -> bool {
    let target = ruleset.symbols().name(ruleset.target(rule));
    let body = ruleset.body(rule);
    TRACKING.contains(&target) || TRACKED.iter().any(|text| body.contains(text))
}
