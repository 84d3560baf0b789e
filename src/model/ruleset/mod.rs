//! A ruleset of one family: what was read, and what scripts made of it.

mod build;
mod lookup;
mod mutate;
mod owned;
mod read;

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::chain::Chain;
use super::edit::{Edit, EditId};
use super::family::Family;
use super::fault::Fault;
use super::names::TableName;
use super::rule::{Record, RuleId};
use super::symbol::{Symbol, Symbols};
use super::table::Table;

use crate::source::SourceFile;
pub(crate) use build::Command;

/// A ruleset of one family.
///
/// The text it was read from stays as it is; rules point into it. Edits are kept beside it, so that printing is the
/// text with patches, and a ruleset that nobody edited prints its very bytes.
#[derive(Clone, Debug)]
pub struct Ruleset {
    family: Family,
    source: Arc<SourceFile>,
    symbols: Symbols,
    tables: [Table; 5],
    /// Tables in the order of their (last) blocks in the text.
    order: Vec<TableName>,
    chains: Vec<Chain>,
    records: Vec<Record>,
    /// The texts of rules that scripts added.
    added: String,
    /// Specifications of rules that were read with the command amid them.
    irregular: FxHashMap<RuleId, String>,
    notes: FxHashMap<RuleId, Vec<String>>,
    /// The read rule in whose place an added one stands.
    replaces: FxHashMap<RuleId, RuleId>,
    removed: FxHashMap<RuleId, EditId>,
    /// The owners of the rules that were read with a tag.
    owners: FxHashMap<RuleId, Symbol>,
    /// Those of them that carry none, and are taken for an owner's all the same.
    adopted: FxHashSet<RuleId>,
    /// The edits that asked for rules that were there already.
    ensured: FxHashMap<RuleId, EditId>,
    edits: Vec<Edit>,
    faults: Vec<Fault>,
    incomplete: Option<String>,
    /// Rules by their canonical form, for the chains that were searched by it.
    equals: lookup::Equals,
}
