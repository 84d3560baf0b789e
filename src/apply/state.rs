//! The state directory: the lock, and the runs with their backups.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::files::{self, TEMPORARY};
use super::lock::{self, Lock};
use super::record::{Record, State};
use super::run::{Run, Which};
use crate::diagnostic::Diagnostic;
use crate::model::Family;

/// Where it is unless it is said.
pub const STATE_DIR: &str = "/var/lib/dwscript";

const LOCK: &str = "lock";
const RUNS: &str = "runs";
/// How many runs are kept.
const KEPT: usize = 100;

/// The state directory.
#[derive(Clone, Debug)]
pub struct StateDir {
    path: PathBuf,
}

impl StateDir {
    /// Opens the state directory, and makes it where there is none.
    ///
    /// # Errors
    /// That it cannot be made, or that it is someone else's.
    pub fn open(path: &Path) -> Result<Self, Diagnostic> {
        let opened = files::make_folder(&path.join(RUNS)).and_then(|()| fs::canonicalize(path));
        let path = opened.map_err(|error| unusable(path, &error))?;
        let metadata = fs::metadata(&path).map_err(|error| unusable(&path, &error))?;
        if metadata.uid() != 0 {
            let message = format!("the state directory {} is not root's", path.display());
            return Err(Diagnostic::error("unwritable-state", message)
                .note("what it holds says what root runs")
                .help("give another folder by --state-dir DIR"));
        }
        if metadata.mode() & 0o077 != 0 {
            fs::set_permissions(&path, Permissions::from_mode(0o700))
                .map_err(|error| unusable(&path, &error))?;
        }
        Ok(Self { path })
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the lock that one `dwscript` at a time may have.
    ///
    /// # Errors
    /// That another one has it, or that it cannot be taken.
    pub fn lock(&self) -> Result<Lock, Diagnostic> {
        let taken = lock::take(&self.path.join(LOCK)).map_err(|error| unusable(&self.path, &error))?;
        taken.ok_or_else(|| {
            // One that waits has the lock as long as it waits.
            if let Some(run) = self.unfinished().filter(|run| run.state() == State::Pending) {
                return run.waits();
            }
            let message =
                format!("another `dwscript` is at work: it holds the lock in {}", self.path.display());
            Diagnostic::error("locked", message)
                .help("wait until it is done; `dwscript history` shows what it does")
        })
    }

    /// The runs, the oldest first; what cannot be read as one is left out.
    #[must_use]
    pub fn runs(&self) -> Vec<Run> {
        let mut ids = self.ids();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| self.run(id).ok()).collect()
    }

    /// A run.
    ///
    /// # Errors
    /// That it cannot be read.
    pub fn run(&self, id: u64) -> io::Result<Run> {
        Run::open(id, self.path.join(RUNS).join(id.to_string()))
    }

    /// The run that is not over; there is one at most.
    #[must_use]
    pub fn unfinished(&self) -> Option<Run> {
        self.runs().into_iter().rev().find(|run| !run.state().is_final())
    }

    fn ids(&self) -> Vec<u64> {
        let entries = fs::read_dir(self.path.join(RUNS)).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }

    /// Writes a new run, whole or not at all.
    ///
    /// # Errors
    /// That it cannot be written.
    pub fn begin(
        &self,
        record: &Record,
        rulesets: &[(Family, Which, &[u8])],
        sets: &[(Which, Vec<u8>)],
    ) -> Result<Run, Diagnostic> {
        self.write(record, rulesets, sets).map_err(|error| {
            Diagnostic::error(
                "unwritable-state",
                format!("the backup cannot be written to {}: {error}", self.path.display()),
            )
            .note("nothing was changed")
            .help("make room or make it writable, or give another folder by --state-dir DIR")
        })
    }

    fn write(
        &self,
        record: &Record,
        rulesets: &[(Family, Which, &[u8])],
        sets: &[(Which, Vec<u8>)],
    ) -> io::Result<Run> {
        let runs = self.path.join(RUNS);
        self.clean(&runs);
        let id = self.ids().into_iter().max().unwrap_or(0) + 1;
        let folder = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&runs)?;
        Run::write(folder.path(), record, rulesets, sets)?;
        let place = runs.join(id.to_string());
        fs::rename(folder.keep(), &place)?;
        files::sync_folder(&runs)?;
        Run::open(id, place)
    }

    /// Takes out what a run left that was killed while it wrote, and the oldest runs.
    fn clean(&self, runs: &Path) {
        let entries = fs::read_dir(runs).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(TEMPORARY)) {
            let _ = fs::remove_dir_all(entry.path());
        }
        let mut ids = self.ids();
        ids.sort_unstable();
        let old = ids.len().saturating_sub(KEPT);
        for id in ids.into_iter().take(old) {
            let is_over =
                self.run(id).is_ok_and(|run| run.state() != State::Applying && run.state().is_final());
            if is_over {
                let _ = fs::remove_dir_all(runs.join(id.to_string()));
            }
        }
    }
}

fn unusable(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("the state directory {} cannot be used: {error}", path.display());
    Diagnostic::error("unwritable-state", message)
        .note("nothing was changed")
        .help("make it writable, or give another folder by --state-dir DIR")
}
