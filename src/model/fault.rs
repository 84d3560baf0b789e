//! What is wrong with a text that was read and can be printed all the same.

use crate::source::Span;

/// A fault of the input, with its place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it is.
    pub span: Span,
    /// What it is.
    pub kind: FaultKind,
}

/// The kinds of [`Fault`] that the framing shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// A rule names a chain that the table does not declare.
    #[error("chain `{0}` is not declared in this table")]
    UndeclaredChain(String),
    /// A user chain is declared behind rules that are in it already.
    #[error("chain `{0}` is declared after its rules")]
    LateChain(String),
    /// The table comes twice; without `--noflush` the second block is all that stays.
    #[error("table `{0}` comes twice, and the second block replaces the first")]
    RepeatedTable(String),
    /// The chain is declared twice.
    #[error("chain `{0}` is declared twice")]
    RepeatedChain(String),
    /// A command of the text cannot be carried out.
    #[error("`{0}` does nothing here: {1}")]
    Command(String, &'static str),
    /// iptables-save says that it left a table out.
    #[error("the dump is not complete: {0}")]
    Incomplete(String),
    /// The text was not in a form that iptables-restore takes, and was mended while it was read.
    #[error("{0}")]
    Mended(String),
}

impl FaultKind {
    /// The stable code of the fault.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UndeclaredChain(_) => "undeclared-chain",
            Self::LateChain(_) => "late-chain",
            Self::RepeatedTable(_) => "repeated-table",
            Self::RepeatedChain(_) => "repeated-chain",
            Self::Command(..) => "vain-command",
            Self::Incomplete(_) => "incomplete-dump",
            Self::Mended(_) => "mended-input",
        }
    }
}
