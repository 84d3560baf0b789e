//! A fault with its place.

use crate::source::Span;

pub use crate::model::value::SpecErrorKind;

/// Why a specification is not taken, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct SpecError {
    /// What is wrong.
    pub kind: SpecErrorKind,
    /// Where, as offsets into the text that was parsed.
    pub span: Span,
}

impl SpecError {
    /// The stable code of the fault.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }
}
