//! Names stored once, so that a rule holds a number and comparing names is comparing numbers.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

/// A name in [`Symbols`]; the empty name is [`Symbol::EMPTY`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

impl Symbol {
    /// The empty name.
    pub const EMPTY: Self = Self(0);

    /// Whether it is the empty name.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its number among the names.
    pub(super) const fn number(self) -> u64 {
        self.0 as u64
    }

    /// One bit of 64, chosen by the symbol: a set of symbols as a mask that may hold others too.
    #[must_use]
    pub const fn mask(self) -> u64 {
        1 << (self.0 % 64)
    }
}

/// The names of one ruleset.
#[derive(Clone, Debug)]
pub struct Symbols(IndexSet<Box<str>, FxBuildHasher>);

impl Default for Symbols {
    fn default() -> Self {
        let mut names = IndexSet::with_capacity_and_hasher(48, FxBuildHasher);
        names.insert(Box::from(""));
        Self(names)
    }
}

impl Symbols {
    /// The symbol of `name`, made if it is new.
    #[expect(clippy::cast_possible_truncation, reason = "names come from texts under 4 GiB")]
    pub fn intern(&mut self, name: &str) -> Symbol {
        if let Some(known) = self.get(name) {
            return known;
        }
        Symbol(self.0.insert_full(Box::from(name)).0 as u32)
    }

    /// The symbol of `name`, if any thing has that name.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "names come from texts under 4 GiB")]
    pub fn get(&self, name: &str) -> Option<Symbol> {
        self.0.get_index_of(name).map(|index| Symbol(index as u32))
    }

    /// The name of `symbol`.
    #[must_use]
    pub fn name(&self, symbol: Symbol) -> &str {
        self.0.get_index(symbol.0 as usize).map_or("", |name| name)
    }
}
