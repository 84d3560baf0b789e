//! Rules of one shape are parsed once: rulesets of 100,000 rules say a few hundred different things about as many
//! addresses, ports, interfaces, chains and comments.

use rustc_hash::FxHashMap;

use crate::model::Family;
use crate::model::extension::{HookSet, TableSet};
use crate::model::shape::{Shaper, Spelling};

/// The most shapes that are kept.
const MOST: usize = 8192;

/// Which interfaces are named.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Interfaces {
    /// The one that packets came in by.
    pub(super) incoming: bool,
    /// The one that they leave by.
    pub(super) outgoing: bool,
}

/// What the check asks of a rule that parses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// The tables that take all of its matches, and its target.
    pub(super) tables: TableSet,
    /// The hooks that take them.
    pub(super) hooks: HookSet,
    /// The interfaces that it names.
    pub(super) interfaces: Interfaces,
    /// Whether what it jumps to is nothing.
    pub(super) missing: bool,
    /// Whether a match or target of it is not known.
    pub(super) unknown: bool,
    /// Whether iptables makes something else of it than it says.
    pub(super) noted: bool,
}

/// The shapes seen so far.
#[derive(Debug)]
pub(super) struct Shapes {
    shaper: Shaper,
    known: FxHashMap<Box<[u8]>, Facts>,
}

impl Shapes {
    /// No shapes yet.
    pub(super) fn new(family: Family) -> Self {
        Self { shaper: Shaper::new(family, Spelling::Sound), known: FxHashMap::default() }
    }

    /// The facts of the rule `body`, where a rule of its shape was seen; `is_chain` tells that it jumps to a user chain.
    /// [`Shapes::learn`] may follow.
    pub(super) fn find(&mut self, body: &str, is_chain: bool) -> Option<Facts> {
        self.known.get(self.shaper.shape(body, is_chain)?).copied()
    }

    /// Remembers the facts of the rule that was looked for last.
    pub(super) fn learn(&mut self, facts: Facts) {
        if let Some(shape) = self.shaper.last().filter(|_| self.known.len() < MOST) {
            self.known.insert(shape.into(), facts);
        }
    }
}
