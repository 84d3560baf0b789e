//! The change from one ruleset to another as the smallest text for `iptables-restore --noflush`, and the way back.
//!
//! Two [`View`]s are compared table by table and chain by chain; [`between`] says what turns one into the other. Chains
//! that nobody touched cost nothing.
//!
//! What NETFILTER knows and the text must respect, each seen on both backends:
//! * `-D` with a specification takes the first equal rule of the chain, so that the k-th copy goes only with those before it.
//!   Over nft it does not tell IPv6 addresses apart by their prefix lengths (see `loose`).
//! * All `-D` come first, in chain order, and then what is added, ascending: anything else is quadratic over nft.
//! * `-E` works if the rest of the batch calls the chain by its old name, over nft too.
//! * A policy is set by `:CHAIN POLICY [0:0]`, which under `--noflush` does nothing else; `-P` refuses DROP in table nat.
//! * `-N` refuses a chain that has come meanwhile, where `:CHAIN -` would empty it.

mod align;
mod awkward;
mod chain;
mod keys;
mod loose;
mod merge;
mod table;
mod unit;
mod view;

use std::io::{self, Write};

use crate::model::{Ruleset, TableName};
use table::TablePlan;

pub use merge::{differences, meanwhile, write_merged};
pub use view::View;

/// What turns one ruleset into another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    tables: Vec<TableDelta>,
}

/// What changes in one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDelta {
    name: TableName,
    lines: Vec<Vec<u8>>,
}

impl Delta {
    /// Whether nothing changes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// The tables in which something changes, in the order in which a packet meets them.
    #[must_use]
    pub fn tables(&self) -> &[TableDelta] {
        &self.tables
    }

    /// Writes it as text for `iptables-restore --noflush`; nothing where nothing changes.
    ///
    /// # Errors
    /// What `out` answers.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        self.tables.iter().try_for_each(|table| table.write(out))
    }
}

impl TableDelta {
    /// The table.
    #[must_use]
    pub const fn name(&self) -> TableName {
        self.name
    }

    /// The lines between `*table` and `COMMIT`, without their line feeds.
    #[must_use]
    pub fn lines(&self) -> &[Vec<u8>] {
        &self.lines
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "*{}", self.name)?;
        for line in &self.lines {
            out.write_all(line)?;
            out.write_all(b"\n")?;
        }
        out.write_all(b"COMMIT\n")
    }
}

/// What turns `base` into `target`; both are of one family.
#[must_use]
pub fn between(base: View<'_>, target: View<'_>) -> Delta {
    let changed = TableName::ALL.into_iter().filter(|table| !view::is_same(base, target, *table));
    let tables = changed.filter_map(|name| {
        let lines = TablePlan::new(base, target, name).lines();
        (!lines.is_empty()).then_some(TableDelta { name, lines })
    });
    Delta { tables: tables.collect() }
}

/// What turns the ruleset that was read into what the edits made of it.
#[must_use]
pub fn forward(ruleset: &Ruleset) -> Delta {
    between(View::read(ruleset), View::result(ruleset))
}

/// What turns the result of the edits back into the ruleset that was read.
#[must_use]
pub fn inverse(ruleset: &Ruleset) -> Delta {
    between(View::result(ruleset), View::read(ruleset))
}
