//! A ruleset at one of its two moments: as it was read, or as the edits left it.

use crate::model::sequence::Sequence;
use crate::model::{ChainId, Policy, Ruleset, TableName};

/// A ruleset as it was read, or as the edits left it.
#[derive(Clone, Copy, Debug)]
pub struct View<'r> {
    ruleset: &'r Ruleset,
    moment: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Read,
    Result,
}

/// A chain at the moment of its view.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChainView<'r> {
    pub(super) id: ChainId,
    pub(super) name: &'r str,
    pub(super) is_builtin: bool,
    pub(super) policy: Policy,
    pub(super) rules: &'r Sequence,
}

impl<'r> View<'r> {
    /// The ruleset as it was read, whatever scripts did since.
    #[must_use]
    pub const fn read(ruleset: &'r Ruleset) -> Self {
        Self { ruleset, moment: Moment::Read }
    }

    /// The ruleset as it is now, all edits made.
    #[must_use]
    pub const fn result(ruleset: &'r Ruleset) -> Self {
        Self { ruleset, moment: Moment::Result }
    }

    pub(super) const fn ruleset(self) -> &'r Ruleset {
        self.ruleset
    }

    pub(super) fn is_of(self, other: View<'_>) -> bool {
        std::ptr::eq(self.ruleset, other.ruleset)
    }

    /// The chains of `table` at this moment, in order of appearance.
    pub(super) fn chains(self, table: TableName) -> impl Iterator<Item = ChainView<'r>> {
        self.ruleset.table(table).chains().iter().filter_map(move |id| self.chain(*id))
    }

    fn chain(self, id: ChainId) -> Option<ChainView<'r>> {
        let chain = self.ruleset.chain(id);
        let is_builtin = chain.hook().is_some();
        match self.moment {
            Moment::Read => chain.created().is_none().then(|| ChainView {
                id,
                name: self.ruleset.symbols().name(chain.base().map_or(chain.name(), |base| base.name)),
                is_builtin,
                policy: chain.base().map_or(chain.policy(), |base| base.policy),
                rules: chain.base_rules(),
            }),
            Moment::Result => chain.removed().is_none().then(|| ChainView {
                id,
                name: self.ruleset.chain_name(id),
                is_builtin,
                policy: chain.policy(),
                rules: chain.rules(),
            }),
        }
    }
}

/// Whether `table` is sure to be the same in both views.
pub(super) fn is_same(one: View<'_>, other: View<'_>, table: TableName) -> bool {
    one.is_of(other) && (one.moment == other.moment || !one.ruleset.is_table_edited(table))
}

/// Whether the rules of two chains are sure to be the same: they are one chain, which nobody touched.
pub(super) fn has_same_rules(one: &ChainView<'_>, other: &ChainView<'_>) -> bool {
    std::ptr::eq(one.rules, other.rules)
}

/// The policy's word, where it is one that can be set.
pub(super) const fn policy_word(policy: Policy) -> Option<&'static str> {
    match policy {
        Policy::Accept => Some("ACCEPT"),
        Policy::Drop => Some("DROP"),
        Policy::None | Policy::Other(_) => None,
    }
}
