//! What stands behind an option, and what its meaning depends on.

use std::borrow::Cow;

use super::fault::SpecErrorKind;
use crate::model::Family;

/// The protocol that a rule has named so far; `-p` may come behind an option that needs it, and then does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProtocolSoFar {
    /// The number; 0 for any.
    pub number: u8,
    /// Whether it was negated.
    pub negated: bool,
}

/// The words behind an option.
#[derive(Clone, Debug)]
pub struct Argument<'w> {
    /// The option's long name.
    pub option: &'static str,
    /// The first word; empty where the option takes none.
    pub first: Cow<'w, str>,
    /// The second word, for the few options that take two.
    pub second: Option<Cow<'w, str>>,
    /// The rule's family.
    pub family: Family,
    /// The protocol known when the option was read.
    pub protocol: ProtocolSoFar,
}

impl Argument<'_> {
    /// The first word.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.first
    }

    /// The fault that the value is none of the option's.
    #[must_use]
    pub fn bad(&self, expected: impl Into<Cow<'static, str>>) -> SpecErrorKind {
        let value = match &self.second {
            Some(second) => format!("{} {second}", self.first),
            None => self.first.to_string(),
        };
        SpecErrorKind::BadValue { option: self.option, value, expected: expected.into() }
    }
}
