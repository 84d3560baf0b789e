//! A table: its chains, and its block in the text.

use rustc_hash::FxHashMap;

use super::chain::ChainId;
use super::names::TableName;
use super::symbol::Symbol;
use crate::source::Span;

/// Where a table's block stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The `*table` line, its line feed left out.
    pub header: Span,
    /// The `COMMIT` line, its line feed left out.
    pub commit: Span,
}

/// A table. All five always exist, with their built-in chains; whether the text has one, its block tells.
#[derive(Clone, Debug)]
pub struct Table {
    pub(super) name: TableName,
    pub(super) block: Option<Block>,
    /// Chains in the order in which they came, removed ones included.
    pub(super) chains: Vec<ChainId>,
    /// The chains that exist, by name.
    pub(super) index: FxHashMap<Symbol, ChainId>,
}

impl Table {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> TableName {
        self.name
    }

    /// Its last block in the text that was read; none where the text does not name the table.
    #[must_use]
    pub const fn block(&self) -> Option<Block> {
        self.block
    }

    /// Every chain in order of appearance, those included that a script removed.
    #[must_use]
    pub fn chains(&self) -> &[ChainId] {
        &self.chains
    }

    /// The chain called `name`.
    #[must_use]
    pub fn chain(&self, name: Symbol) -> Option<ChainId> {
        self.index.get(&name).copied()
    }
}
