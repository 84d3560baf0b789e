//! The iptables programs: where they are, which backend they are of, and running them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::lock::Lock;
use super::process::{self, Finished, ProcessError};
use crate::diagnostic::Diagnostic;
use crate::model::Family;

/// Where administrators' programs are; `PATH` is not asked, as what runs here runs as root.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// How long a program may take; a thousand rules get more.
const LIMIT: Duration = Duration::from_secs(10);
const LIMIT_PER_KILOBYTE: Duration = Duration::from_millis(3);
/// How long a save may take: over nft its time grows with the square of the rules.
const SAVE_LIMIT: Duration = Duration::from_secs(300);
/// How long the legacy backend waits for its lock, in seconds.
const LOCK_WAIT: &str = "5";

/// The implementation behind the name `iptables`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// iptables over `nf_tables`.
    Nft,
    /// The `x_tables` of old.
    Legacy,
}

impl Backend {
    /// `nft` or `legacy`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nft => "nft",
            Self::Legacy => "legacy",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Nft => Self::Legacy,
            Self::Legacy => Self::Nft,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The programs of one family and one backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tools {
    /// The backend.
    pub backend: Backend,
    /// `iptables-save`.
    pub save: PathBuf,
    /// `iptables-restore`.
    pub restore: PathBuf,
}

impl Tools {
    /// What the save program prints, with counters.
    pub(super) fn save(&self) -> Result<Finished, ProcessError> {
        let mut command = process::command(&self.save);
        command.arg("-c");
        process::run(command, Vec::new(), SAVE_LIMIT)
    }

    /// Gives a delta to the restore program, which holds the lock while it lives: who comes after us waits for its end.
    pub(super) fn load(&self, delta: Vec<u8>, lock: &Lock) -> Result<Finished, ProcessError> {
        let mut command = process::command(&self.restore);
        self.wait_for_lock(&mut command);
        command.arg("--noflush");
        let limit = limit(delta.len());
        process::run_with(command, delta, lock.lent(), limit)
    }

    fn wait_for_lock(&self, command: &mut Command) {
        if self.backend == Backend::Legacy {
            command.args(["-w", LOCK_WAIT]);
        }
    }
}

/// How long a text of this length may take to load.
pub(super) fn limit(bytes: usize) -> Duration {
    LIMIT + LIMIT_PER_KILOBYTE * u32::try_from(bytes / 1024).unwrap_or(u32::MAX)
}

/// `iptables` or `ip6tables`.
pub(super) const fn stem(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "iptables",
        Family::Ipv6 => "ip6tables",
    }
}

/// The folders that programs are looked for in. The guard works in another folder than we do, so that they are absolute.
pub(super) fn folders(folder: Option<&Path>) -> Vec<PathBuf> {
    let absolute = |folder: &Path| std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    folder.map_or_else(|| FOLDERS.iter().map(PathBuf::from).collect(), |folder| vec![absolute(folder)])
}

/// A program of the system's.
pub(super) fn system_program(name: &str) -> Option<PathBuf> {
    find(name, &folders(None))
}

pub(super) fn find(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    folders.iter().map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// The programs of `family` and `backend`, where there are such.
pub(super) fn of_backend(family: Family, backend: Backend, folders: &[PathBuf]) -> Option<Tools> {
    let stem = stem(family);
    let named = |verb: &str| find(&format!("{stem}-{backend}-{verb}"), folders);
    if let Some((save, restore)) = named("save").zip(named("restore")) {
        return Some(Tools { backend, save, restore });
    }
    plain(family, folders).filter(|tools| tools.backend == backend)
}

/// The programs that `iptables-save` and `iptables-restore` are.
pub(super) fn plain(family: Family, folders: &[PathBuf]) -> Option<Tools> {
    let stem = stem(family);
    let save = find(&format!("{stem}-save"), folders)?;
    let restore = find(&format!("{stem}-restore"), folders)?;
    Some(Tools { backend: backend_of(&restore), save, restore })
}

/// The backend of a program, by the file that its name leads to, else by what it says of itself.
fn backend_of(program: &Path) -> Backend {
    let file = std::fs::canonicalize(program).unwrap_or_default();
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if name.contains("nft") {
        return Backend::Nft;
    }
    if name.contains("legacy") {
        return Backend::Legacy;
    }
    let mut command = process::command(program);
    command.arg("--version");
    match process::run(command, Vec::new(), LIMIT) {
        Ok(said) if String::from_utf8_lossy(&said.stdout).contains("legacy") => Backend::Legacy,
        _ => Backend::Nft,
    }
}

/// That there is no iptables.
pub(super) fn missing(family: Family, folders: &[PathBuf]) -> Diagnostic {
    let places: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    let stem = stem(family);
    let message = format!("there is no `{stem}-save` or no `{stem}-restore` in {}", places.join(", "));
    Diagnostic::error("no-iptables", message)
        .help("install iptables, or say where it is by --iptables-dir DIR")
        .help(format!("to leave this family out, give {}", if family == Family::Ipv6 { "-4" } else { "-6" }))
}
