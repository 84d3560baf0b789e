//! A chain: its declaration, its policy and the order of its rules.

pub use super::ids::ChainId;
use super::ids::EditId;
use super::names::{Hook, TableName};
pub use super::policy::Policy;
use super::sequence::Sequence;
use super::symbol::Symbol;
use crate::source::Span;

/// Where a `:NAME POLICY [packets:bytes]` line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The whole line, its line feed left out.
    pub line: Span,
    /// The chain's name.
    pub name: Span,
    /// The policy's word.
    pub policy: Span,
}

/// A chain as it was before a script touched it.
#[derive(Clone, Debug)]
pub struct Base {
    /// Its name.
    pub name: Symbol,
    /// Its policy.
    pub policy: Policy,
    /// Its rules.
    pub rules: Sequence,
}

/// A chain.
#[derive(Clone, Debug)]
pub struct Chain {
    pub(super) table: TableName,
    pub(super) name: Symbol,
    pub(super) hook: Option<Hook>,
    pub(super) policy: Policy,
    pub(super) declared: Option<Declaration>,
    pub(super) introduced: Option<Span>,
    pub(super) rules: Sequence,
    pub(super) base: Option<Box<Base>>,
    pub(super) commands: bool,
    pub(super) created: Option<EditId>,
    pub(super) removed: Option<EditId>,
    pub(super) policy_edit: Option<EditId>,
    pub(super) name_edit: Option<EditId>,
}

impl Chain {
    pub(super) fn new(table: TableName, name: Symbol, hook: Option<Hook>) -> Self {
        let policy = if hook.is_some() { Policy::Accept } else { Policy::None };
        Self {
            table,
            name,
            hook,
            policy,
            declared: None,
            introduced: None,
            rules: Sequence::default(),
            base: None,
            commands: false,
            created: None,
            removed: None,
            policy_edit: None,
            name_edit: None,
        }
    }

    /// The table it is in.
    #[must_use]
    pub const fn table(&self) -> TableName {
        self.table
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> Symbol {
        self.name
    }

    /// The hook that a built-in chain is called from; none for a user chain.
    #[must_use]
    pub const fn hook(&self) -> Option<Hook> {
        self.hook
    }

    /// Its policy.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// Where the text that was read declares it.
    #[must_use]
    pub const fn declaration(&self) -> Option<Declaration> {
        self.declared
    }

    /// The first line of the text that brings it into being, by `:NAME` or by `-N NAME`; none for a chain that the text
    /// takes for granted.
    #[must_use]
    pub const fn introduced(&self) -> Option<Span> {
        self.introduced
    }

    /// Its rules in order.
    #[must_use]
    pub const fn rules(&self) -> &Sequence {
        &self.rules
    }

    /// The rules as they were read, whatever scripts did since.
    #[must_use]
    pub fn base_rules(&self) -> &Sequence {
        self.base.as_ref().map_or(&self.rules, |base| &base.rules)
    }

    /// What it was before the first edit; none while no script has touched it.
    #[must_use]
    pub fn base(&self) -> Option<&Base> {
        self.base.as_deref()
    }

    /// Whether commands of the text (`-I`, `-D` and so on) shaped it, so that its lines do not show its order.
    #[must_use]
    pub const fn has_commands(&self) -> bool {
        self.commands
    }

    /// The edit that created it; none for a chain that was read or that the kernel always has.
    #[must_use]
    pub const fn created(&self) -> Option<EditId> {
        self.created
    }

    /// The edit that removed it.
    #[must_use]
    pub const fn removed(&self) -> Option<EditId> {
        self.removed
    }

    /// The edit that set its policy last.
    #[must_use]
    pub const fn policy_edit(&self) -> Option<EditId> {
        self.policy_edit
    }

    /// The edit that gave it its name last.
    #[must_use]
    pub const fn name_edit(&self) -> Option<EditId> {
        self.name_edit
    }

    /// Keeps what the chain was, before its first edit.
    pub(super) fn keep_base(&mut self) {
        if self.base.is_none() {
            let base = Base { name: self.name, policy: self.policy, rules: self.rules.clone() };
            self.base = Some(Box::new(base));
        }
    }
}
