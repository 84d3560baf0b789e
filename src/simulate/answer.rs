//! Answers in three values, and the ends of a packet that questions are about.

/// An answer in three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    Unknown,
}

impl Answer {
    pub(super) const fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    /// The answer to the question with `!` in front, if `negated`.
    pub(super) const fn negated(self, negated: bool) -> Self {
        match (self, negated) {
            (Self::Yes, true) => Self::No,
            (Self::No, true) => Self::Yes,
            (answer, _) => answer,
        }
    }
}

/// Which end of a packet is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Source,
    Destination,
    Either,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_follow_kleene() {
        use Answer::{No, Unknown, Yes};
        assert_eq!(Unknown.negated(true), Unknown);
        assert_eq!(Yes.negated(true), No);
    }
}
