//! What scripts did to a ruleset, edit by edit, each with the place in the script that asked for it.

use std::sync::Arc;

pub use super::ids::EditId;
use super::names::{ChainNameError, TableName};
use super::policy::Policy;
use super::symbol::Symbol;
use crate::source::SourceFile;

/// The place in a script that an edit comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The script or module.
    pub script: Arc<SourceFile>,
    /// The line, from 1; 0 where it is not known.
    pub line: u32,
    /// The column in characters, from 1; 0 where it is not known.
    pub column: u32,
    /// Whether the script lifted the guard on Docker's own rules.
    pub docker_edits: bool,
    /// The owner of the rules that it adds; the empty symbol where they carry no tag.
    pub owner: Symbol,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditKind {
    /// Rules were added.
    Add,
    /// Rules were taken out.
    Remove,
    /// Rules that an earlier run added were taken out, as this one did not add them again.
    Prune,
    /// A rule was put in the place of another.
    Replace,
    /// The policy was set.
    SetPolicy(Policy),
    /// The chain was created.
    NewChain,
    /// The chain was removed.
    RemoveChain,
    /// The chain got the name held here.
    RenameChain(Symbol),
    /// All rules were taken out.
    Flush,
}

impl EditKind {
    /// The edit's name as scripts call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Prune => "prune",
            Self::Replace => "replace",
            Self::SetPolicy(_) => "set_policy",
            Self::NewChain => "new_chain",
            Self::RemoveChain => "remove_chain",
            Self::RenameChain(_) => "rename_chain",
            Self::Flush => "flush",
        }
    }
}

/// One edit.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What was done.
    pub kind: EditKind,
    /// In which table.
    pub table: TableName,
    /// To which chain, by the name it had then.
    pub chain: Symbol,
    /// Who asked for it.
    pub origin: Origin,
}

/// Why an edit cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The chain is not there.
    #[error("table `{table}` has no chain `{name}`")]
    NoSuchChain {
        /// The table that was looked in.
        table: TableName,
        /// The name that was looked for.
        name: String,
    },
    /// The name cannot be a chain's.
    #[error(transparent)]
    ChainName(#[from] ChainNameError),
    /// The chain is built in.
    #[error("`{name}` is built into table `{table}` and cannot be {what}")]
    BuiltIn {
        /// The table.
        table: TableName,
        /// The chain.
        name: String,
        /// `removed` or `renamed`.
        what: &'static str,
    },
    /// The new name is taken.
    #[error("table `{table}` has a chain `{name}` already")]
    ChainExists {
        /// The table.
        table: TableName,
        /// The chain.
        name: String,
    },
    /// A user chain has no policy.
    #[error("`{name}` is a user chain and has no policy: only built-in chains do")]
    PolicyOnUserChain {
        /// The chain.
        name: String,
    },
    /// Commands of the text (`-I`, `-D`, …) shape the table, and its lines cannot be rewritten.
    #[error("`{name}` cannot be renamed: the text shapes its table by commands such as -I and -D")]
    Commands {
        /// The chain.
        name: String,
    },
    /// The dump lacks what iptables-save could not print.
    #[error("the dump is not complete, and editing it would lose what is missing: {0}")]
    Incomplete(String),
}
