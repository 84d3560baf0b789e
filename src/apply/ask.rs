//! Asking the host's programs something, for whoever changes nothing.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::process::{self, ProcessError};
use super::{nftables, tools};

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is no such program.
    #[error("there is no `{0}` where programs for administrators are")]
    Missing(String),
    /// It ended with an error.
    #[error("`{program}` failed, {ending}: {words}")]
    Failed {
        /// Its name.
        program: String,
        /// How it ended.
        ending: String,
        /// What it said.
        words: String,
    },
    /// It cannot be started, or was killed as it took too long.
    #[error("{0}")]
    Process(String),
}

impl From<ProcessError> for AskError {
    fn from(error: ProcessError) -> Self {
        Self::Process(error.to_string())
    }
}

/// What `program`, of this folder or of the system's, prints within a time limit. It is run directly, and knows of our
/// environment no more than `environment`.
///
/// # Errors
/// That there is no such program, or that it does not answer.
pub fn ask(
    program: &str,
    folder: Option<&Path>,
    args: &[&str],
    environment: &[(&str, OsString)],
    limit: Duration,
) -> Result<Vec<u8>, AskError> {
    let path = tools::find(program, &tools::folders(folder));
    let path = path.ok_or_else(|| AskError::Missing(program.to_owned()))?;
    let mut command = process::command(&path);
    command.args(args).envs(environment.iter().map(|(name, value)| (name, value)));
    let finished = process::run(command, Vec::new(), limit)?;
    if finished.status.success() {
        return Ok(finished.stdout);
    }
    let words: Vec<&str> = finished.words().collect();
    Err(AskError::Failed { program: program.to_owned(), ending: finished.ending(), words: words.join(" ") })
}

/// The tables of nftables, as `ip filter`; none where the kernel cannot be asked.
#[must_use]
pub fn nftables_tables() -> Vec<String> {
    nftables::tables()
}
