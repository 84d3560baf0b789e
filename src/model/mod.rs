//! The ruleset as objects: tables, chains, rules. All that changes it is a method of [`Ruleset`].

pub mod chain;
pub mod edit;
pub mod equal;
pub mod extension;
pub mod family;
pub mod fault;
pub mod ids;
pub mod ipset;
pub mod jump;
pub mod matches;
pub mod names;
pub mod owner;
pub mod policy;
pub mod rule;
mod ruleset;
pub mod sequence;
pub mod shape;
pub mod spec;
pub mod symbol;
pub mod table;
pub mod targets;
pub mod value;

pub use chain::{Chain, ChainId, Policy};
pub use edit::{Edit, EditError, EditId, EditKind, Origin};
pub use family::Family;
pub use names::{ChainName, Hook, TableName};
pub use rule::{NewRule, RuleId};
pub(crate) use ruleset::Command;
pub use ruleset::Ruleset;
pub use symbol::Symbol;
pub use table::Table;
