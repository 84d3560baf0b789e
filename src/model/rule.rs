//! One rule: where its text is, where it belongs and who made it.

pub use super::ids::RuleId;
use super::ids::{ChainId, EditId};
use super::symbol::Symbol;
use crate::source::Span;

/// Which text a record's span lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Buffer {
    /// The line as it was read, from its first byte to the line feed.
    Source,
    /// The same, where the command stands amid the specification, which is kept beside it.
    Irregular,
    /// What scripts added: the specification alone.
    Added,
    /// What scripts added: a line that was read and had to be rewritten, whole.
    Rewritten,
}

/// 32 bytes a rule: rulesets of a million rules exist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) text: Span,
    /// Offset of the specification (what stands behind the chain's name) from the start of `text`.
    pub(super) body: u32,
    pub(super) chain: ChainId,
    /// The name behind `-j` or `-g`; empty where there is none.
    pub(super) target: Symbol,
    /// The edit that added the rule; none for a rule that was read.
    pub(super) edit: Option<EditId>,
    pub(super) buffer: Buffer,
    pub(super) goto: bool,
}

impl Record {
    /// Whether its text is a line of the source.
    pub(super) const fn was_read(&self) -> bool {
        matches!(self.buffer, Buffer::Source | Buffer::Irregular)
    }
}

/// A rule that a script wants to add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRule {
    /// The specification as iptables-restore text: all that stands behind `-A CHAIN `.
    pub body: String,
    /// `#` lines to print in front of it, without their `# `.
    pub notes: Vec<String>,
}
