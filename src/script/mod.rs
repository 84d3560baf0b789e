//! Placeholder.

use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::model::Ruleset;
use crate::source::SourceFile;

/// A script.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its text.
    pub source: Arc<SourceFile>,
    /// Its file.
    pub path: PathBuf,
}

/// What a run is given.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where modules are.
    pub libraries: Vec<PathBuf>,
}

/// What came out.
#[derive(Debug)]
pub struct Outcome {
    /// The draft.
    pub ruleset: Ruleset,
    /// Warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why nothing came out.
#[derive(Debug)]
pub struct Failure {
    /// What to say.
    pub diagnostics: Vec<Diagnostic>,
}

/// Runs scripts.
///
/// # Errors
/// None.
pub fn run(_scripts: &[Script], ruleset: Ruleset, _settings: &Settings) -> Result<Outcome, Failure> {
    Ok(Outcome { ruleset, diagnostics: Vec::new() })
}

/// The reference.
#[must_use]
pub fn reference() -> String {
    String::new()
}
