//! A run's folder in the state directory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::files;
use super::lock::{self, Lock};
use super::record::{Event, Record, State};
use crate::diagnostic::Diagnostic;
use crate::model::Family;

const RECORD: &str = "record.json";
const LOG: &str = "log";
const GUARD: &str = "guard.lock";
const SETS: &str = "sets";

/// How long a guard may take to go.
const PATIENCE: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(5);

/// One of a run's two rulesets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// What was live before.
    Base,
    /// What is to be.
    Target,
}

/// A run.
#[derive(Clone, Debug)]
pub struct Run {
    id: u64,
    folder: PathBuf,
    record: Record,
}

impl Run {
    pub(super) fn open(id: u64, folder: PathBuf) -> io::Result<Self> {
        let text = fs::read(folder.join(RECORD))?;
        let record = serde_json::from_slice(&text)?;
        Ok(Self { id, folder, record })
    }

    /// Writes a new run into `folder`, which gets its name when all of it is on the disk.
    pub(super) fn write(
        folder: &Path,
        record: &Record,
        rulesets: &[(Family, Which, &[u8])],
        sets: &[(Which, Vec<u8>)],
    ) -> io::Result<()> {
        for (family, which, text) in rulesets {
            files::create(folder, &name(family.as_str(), *which), text)?;
        }
        for (which, text) in sets {
            files::create(folder, &name(SETS, *which), text)?;
        }
        files::create(folder, RECORD, &serde_json::to_vec_pretty(record)?)?;
        for name in [LOG, GUARD, State::Applying.as_str()] {
            files::create(folder, name, b"")?;
        }
        files::sync_folder(folder)
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// What is kept of it.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// Where its backup is.
    #[must_use]
    pub fn ruleset_path(&self, family: Family, which: Which) -> PathBuf {
        self.folder.join(name(family.as_str(), which))
    }

    /// One of its rulesets, as text.
    ///
    /// # Errors
    /// That it cannot be read.
    pub fn ruleset(&self, family: Family, which: Which) -> io::Result<Vec<u8>> {
        fs::read(self.ruleset_path(family, which))
    }

    /// The sets that it changes, as text for `ipset restore`.
    ///
    /// # Errors
    /// That it cannot be read.
    pub fn sets(&self, which: Which) -> io::Result<Vec<u8>> {
        fs::read(self.folder.join(name(SETS, which)))
    }

    /// The state directory that it is in.
    pub(super) fn state_dir(&self) -> PathBuf {
        self.folder.ancestors().nth(2).map(Path::to_owned).unwrap_or_default()
    }

    /// How far it has come.
    #[must_use]
    pub fn state(&self) -> State {
        // While it is renamed for a moment neither name may be seen.
        for _ in 0..3 {
            let found = State::ALL.into_iter().find(|state| self.folder.join(state.as_str()).exists());
            if let Some(state) = found {
                return state;
            }
        }
        State::Applying
    }

    /// Goes from one state to another; whether this process was the one to do so.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn go(&self, from: State, to: State) -> io::Result<bool> {
        match fs::rename(self.folder.join(from.as_str()), self.folder.join(to.as_str())) {
            Ok(()) => files::sync_folder(&self.folder).map(|()| true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes the part of the run's guard; none where another process has it.
    pub(super) fn guard(&self) -> io::Result<Option<Lock>> {
        lock::take(&self.folder.join(GUARD))
    }

    /// Whether its guard lives.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        lock::is_held(&self.folder.join(GUARD))
    }

    /// That the run waits for its confirmation, and what ends that.
    #[must_use]
    pub fn waits(&self) -> Diagnostic {
        let id = self.id;
        Diagnostic::error("pending", format!("run {id} waits for its confirmation"))
            .help(format!("`dwscript confirm {id}` keeps its rules, `dwscript revert {id}` rolls them back"))
    }

    /// Waits until the guard of a run that is over has gone, for as long as that may take.
    pub fn wait_for_guard(&self) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && self.is_guarded() {
            thread::sleep(TICK);
        }
    }

    /// Notes an event; whether that was written. What cannot be noted is lost: a full disk must not keep the guard from its
    /// way back.
    pub(super) fn note(&self, event: &Event) -> bool {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(self.folder.join(LOG));
        let (Ok(mut file), Ok(mut line)) = (file, serde_json::to_vec(event)) else { return false };
        line.push(b'\n');
        file.write_all(&line).is_ok()
    }

    /// What its guard said so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let text = fs::read(self.folder.join(LOG)).unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n');
        lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }

    /// Flushes what its guard said to the disk.
    pub(super) fn sync(&self) {
        let _ = File::open(self.folder.join(LOG)).and_then(|file| file.sync_all());
    }
}

fn name(what: &str, which: Which) -> String {
    let which = match which {
        Which::Base => "base",
        Which::Target => "target",
    };
    format!("{what}.{which}")
}
