//! Numbers that stand for the rules, chains and edits of a ruleset.

use std::num::NonZeroU32;

/// A rule of a [`Ruleset`](super::Ruleset); it stays valid, and its text the same, as long as the ruleset lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(u32);

impl RuleId {
    pub(in crate::model) const fn new(index: u32) -> Self {
        Self(index)
    }

    pub(in crate::model) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A chain of a [`Ruleset`](super::Ruleset).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainId(NonZeroU32);

impl ChainId {
    #[expect(clippy::cast_possible_truncation, reason = "chains come from texts under 4 GiB")]
    pub(in crate::model) const fn new(index: usize) -> Self {
        Self(NonZeroU32::MIN.saturating_add(index as u32))
    }

    /// Its number among all chains of its ruleset, from 0; below [`Ruleset::chain_count`](super::Ruleset::chain_count).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// An edit of a [`Ruleset`](super::Ruleset), numbered in the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EditId(NonZeroU32);

impl EditId {
    #[expect(clippy::cast_possible_truncation, reason = "an edit takes longer than 4 billion of them could")]
    pub(in crate::model) const fn new(index: usize) -> Self {
        Self(NonZeroU32::MIN.saturating_add(index as u32))
    }

    /// Its index into [`Ruleset::edits`](super::Ruleset::edits), from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}
