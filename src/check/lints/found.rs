//! What a lint finds: what it is about, where it is shown, and the words, which are made for what is shown alone.

use std::fmt;

use super::view::Closed;
use crate::check::report::Words;
use crate::model::{ChainId, RuleId};
use crate::source::Span;

/// What a finding is about: the same before and after is no finding of the run's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::check) enum About {
    /// A rule.
    Rule(RuleId),
    /// A chain.
    Chain(ChainId),
    /// Something of this name.
    Name(String),
}

/// Where a finding is shown.
#[derive(Clone, Copy, Debug)]
pub(in crate::check) enum At {
    /// At a rule, or a part of its specification.
    Rule(RuleId, Option<Span>),
    /// At a chain's policy.
    Policy(ChainId),
    /// Nowhere: it is about what is not there.
    Nowhere,
}

impl From<Closed> for At {
    fn from(closed: Closed) -> Self {
        closed.rule.map_or(Self::Policy(closed.chain), |rule| Self::Rule(rule, None))
    }
}

/// A finding.
pub(in crate::check) struct Found<'f> {
    /// What it is about.
    pub(in crate::check) about: About,
    /// Where it is shown.
    pub(in crate::check) at: At,
    /// What is said.
    pub(in crate::check) words: Box<dyn FnOnce() -> Words + 'f>,
}

impl fmt::Debug for Found<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Found")
            .field("about", &self.about)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// The findings of one lint.
#[derive(Debug, Default)]
pub(in crate::check) struct Findings<'f>(Vec<Found<'f>>);

impl<'f> IntoIterator for Findings<'f> {
    type Item = Found<'f>;
    type IntoIter = std::vec::IntoIter<Found<'f>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'f> Findings<'f> {
    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Finds something.
    pub(in crate::check) fn push(&mut self, about: About, at: At, words: impl FnOnce() -> Words + 'f) {
        self.0.push(Found { about, at, words: Box::new(words) });
    }

    /// Finds something of a rule.
    pub(in crate::check) fn rule(&mut self, rule: RuleId, words: impl FnOnce() -> Words + 'f) {
        self.push(About::Rule(rule), At::Rule(rule, None), words);
    }

    /// Finds something of a chain that is closed.
    pub(in crate::check) fn closed(&mut self, closed: Closed, words: impl FnOnce() -> Words + 'f) {
        self.push(About::Chain(closed.chain), closed.into(), words);
    }
}
