//! How a run ends: its exit status, and what is said of it.

use std::process::ExitCode;

use crate::diagnostic::Diagnostic;

/// The exit status of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It is done.
    Done,
    /// The answer is no: a check found an error, or `--check` a difference.
    No,
    /// It could not be done.
    Failed,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Done => Self::SUCCESS,
            Status::No => Self::from(1),
            Status::Failed => Self::from(2),
        }
    }
}

/// A run that came to no result.
#[derive(Debug)]
pub(super) struct Stop {
    /// Its exit status.
    pub(super) status: Status,
    /// Why.
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Stop {
    /// The answer is no.
    pub(super) const fn no(diagnostics: Vec<Diagnostic>) -> Self {
        Self { status: Status::No, diagnostics }
    }

    /// It could not be done.
    pub(super) const fn failed(diagnostics: Vec<Diagnostic>) -> Self {
        Self { status: Status::Failed, diagnostics }
    }
}

/// The arguments cannot be followed.
pub(super) fn usage(message: &str) -> Diagnostic {
    Diagnostic::error("usage", message)
}

impl From<Diagnostic> for Stop {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::failed(vec![diagnostic])
    }
}

/// That only root may do this.
pub(super) fn needs_root(what: &str) -> Result<(), Diagnostic> {
    if crate::apply::is_root() {
        return Ok(());
    }
    let message = format!("{what} needs root; printing what scripts make of a ruleset does not");
    Err(Diagnostic::error("needs-root", message))
}
