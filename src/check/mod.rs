//! Placeholder.

use crate::diagnostic::Diagnostic;
use crate::model::Ruleset;

/// Levels.
#[derive(Clone, Debug, Default)]
pub struct Levels;

/// A ruleset that passed.
#[derive(Debug)]
pub struct Checked {
    ruleset: Ruleset,
    diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// The ruleset.
    #[must_use]
    pub const fn ruleset(&self) -> &Ruleset {
        &self.ruleset
    }

    /// The warnings.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

/// A ruleset that did not.
#[derive(Debug)]
pub struct Rejected {
    /// What to say.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks.
///
/// # Errors
/// None.
pub fn check(ruleset: Ruleset, _levels: &Levels) -> Result<Checked, Rejected> {
    Ok(Checked { ruleset, diagnostics: Vec::new() })
}

/// Lints.
#[must_use]
pub fn lint(_ruleset: &Ruleset, _levels: &Levels) -> Vec<Diagnostic> {
    Vec::new()
}
