//! What lints ask of a view, and what they are answered.

use super::condition::Condition;
use crate::model::value::address::Address;
use crate::model::{ChainId, RuleId};

/// Which state of the ruleset is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) enum When {
    /// As it was read.
    Before,
    /// As scripts left it.
    After,
}

/// How much may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) enum Depth {
    /// What scripts touched, built-in chains, and no more than some thousand rules.
    Brief,
    /// Everything.
    Whole,
}

/// What a rule does with a packet that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) enum Then {
    /// The packet goes on to the next rule.
    Next,
    /// The packet is through the chain's table.
    Accept,
    /// The packet is gone.
    Drop,
    /// Back to where the chain was called.
    Return,
    /// On in this chain, and back.
    Jump(ChainId),
    /// On in this chain, and back to where this one was called.
    Goto(ChainId),
    /// Any of these.
    Unknown,
}

/// A rule that is typed.
#[derive(Debug)]
pub(in crate::check) struct Rule {
    /// Which one it is.
    pub(in crate::check) id: RuleId,
    /// What it asks for.
    pub(in crate::check) conditions: Vec<Condition>,
    /// What it does.
    pub(in crate::check) then: Then,
}

/// Where packets may end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of four, any of which may be in it")]
pub(in crate::check) struct Ends {
    /// Some are accepted.
    pub(in crate::check) accept: bool,
    /// Some are dropped.
    pub(in crate::check) drop: bool,
    /// Some come back to the caller.
    pub(in crate::check) back: bool,
    /// Some go on to the next rule.
    pub(in crate::check) next: bool,
}

impl Ends {
    pub(super) const ALL: Self = Self { accept: true, drop: true, back: true, next: true };

    pub(super) const fn or(self, other: Self) -> Self {
        Self {
            accept: self.accept | other.accept,
            drop: self.drop | other.drop,
            back: self.back | other.back,
            next: self.next | other.next,
        }
    }
}

/// What becomes of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) enum Fate {
    /// It is accepted.
    Accepted,
    /// It is dropped or refused.
    Dropped,
    /// That depends on what the probe leaves open, or was not looked into.
    Open,
}

/// Docker's bridges, each with the subnets of its network.
pub(in crate::check) type Subnets = Vec<(String, Vec<Address>)>;

/// A rule that no packet reaches.
#[derive(Clone, Copy, Debug)]
pub(in crate::check) struct Shadowed {
    /// The rule.
    pub(in crate::check) rule: RuleId,
    /// The earlier rule that takes its packets.
    pub(in crate::check) by: RuleId,
    /// Whether that one is a RETURN for every packet.
    pub(in crate::check) after_return: bool,
}

/// What closes a chain.
#[derive(Clone, Copy, Debug)]
pub(in crate::check) struct Closed {
    /// The chain.
    pub(in crate::check) chain: ChainId,
    /// The rule that does it; none where it is the policy.
    pub(in crate::check) rule: Option<RuleId>,
}
