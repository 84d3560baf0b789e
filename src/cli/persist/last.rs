//! How the unit's last run ended.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{good, places};
use crate::diagnostic::Diagnostic;

/// Its file in the state directory.
const NAME: &str = "last-run.json";
const VERSION: u32 = 1;
const MODE: u32 = 0o600;

/// How the unit's last run ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Last {
    version: u32,
    /// In seconds since 1970.
    pub(super) time: u64,
    pub(super) outcome: Outcome,
    /// What went wrong.
    pub(super) errors: Vec<String>,
    /// When the result was made that stood in for the scripts.
    pub(super) fallback: Option<u64>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// The scripts' rules are on.
    Applied,
    /// The scripts failed, and their last good result is on.
    FellBack,
    /// Nothing could be done.
    Failed,
}

impl Last {
    pub(super) fn new(outcome: Outcome, errors: Vec<String>, fallback: Option<u64>) -> Self {
        Self { version: VERSION, time: good::now(), outcome, errors, fallback }
    }

    /// Its file in a state directory.
    pub(super) fn path(state_dir: &Path) -> PathBuf {
        state_dir.join(NAME)
    }

    pub(super) fn write(&self, state_dir: &Path) -> Result<(), Diagnostic> {
        let path = Self::path(state_dir);
        places::make_folder(state_dir, 0o700)?;
        places::write_json(&path, self, MODE)
    }

    /// Reads it; none where the unit never ran.
    pub(super) fn read(state_dir: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(Self::path(state_dir)).ok()?).ok()
    }
}
