//! What was installed, and from where.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use serde::{Deserialize, Serialize};

use super::copy::{Copied, Copies, PARAMS};
use super::{places, words};
use crate::cli::args::{Command, CommandLine, PersistArgs, ScriptArgs};
use crate::cli::parameters;
use crate::diagnostic::Diagnostic;

/// Its file in the folder of the copies.
const NAME: &str = "installed.json";
const VERSION: u32 = 1;
const MODE: u32 = 0o600;

/// What was installed, and from where.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: u32,
    /// The words behind `dwscript` that the unit runs.
    pub(super) words: Vec<String>,
    pub(super) state_dir: PathBuf,
    files: Vec<Copied>,
    /// What `-D` gave.
    defines: Vec<String>,
    /// The files of parameters.
    params: Vec<PathBuf>,
}

impl Manifest {
    pub(super) fn new(args: &PersistArgs, copies: &Copies, run: &[OsString]) -> Self {
        Self {
            version: VERSION,
            words: run.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
            state_dir: words::absolute(&args.state.state_dir),
            files: copies.files().to_vec(),
            defines: args.script.defines.iter().map(|define| absolute_define(define)).collect(),
            params: args.script.params.iter().map(|path| words::absolute(path)).collect(),
        }
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), Diagnostic> {
        places::write_json(&folder.join(NAME), self, MODE)
    }

    /// Reads that of a folder of copies; none where it has none, or one of another version.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let manifest: Self = serde_json::from_slice(&fs::read(folder.join(NAME)).ok()?).ok()?;
        (manifest.version == VERSION).then_some(manifest)
    }

    /// The arguments of the unit's command.
    pub(super) fn args(&self) -> Option<Box<PersistArgs>> {
        let words = std::iter::once("dwscript").chain(self.words.iter().map(String::as_str));
        match CommandLine::try_parse_from(words).ok()?.command {
            Some(Command::Persist(args)) => Some(Box::new(args)),
            _ => None,
        }
    }

    /// What is another thing now than what was installed from it, by its path: that it differs, or that it is gone.
    pub(super) fn changed(&self, folder: &Path) -> Vec<(PathBuf, Change)> {
        let files = self.files.iter().filter_map(|file| {
            let change = match fs::read(&file.source) {
                Err(_) => Change::Gone,
                Ok(now) if fs::read(folder.join(&file.copy)).is_ok_and(|then| then == now) => return None,
                Ok(_) => Change::Differs,
            };
            Some((file.source.clone(), change))
        });
        files.chain(self.changed_parameters(folder)).collect()
    }

    fn changed_parameters(&self, folder: &Path) -> Option<(PathBuf, Change)> {
        let given = ScriptArgs {
            defines: self.defines.clone(),
            params: self.params.clone(),
            libraries: Vec::new(),
            time_limit: 0,
        };
        let installed = fs::read_to_string(folder.join(PARAMS)).unwrap_or_default();
        let change = match parameters::as_file(&given) {
            Ok(now) if now == installed => return None,
            Ok(_) => Change::Differs,
            Err(_) => Change::Gone,
        };
        Some((self.params.first().cloned().unwrap_or_else(|| PARAMS.into()), change))
    }
}

/// What became of a file that was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Change {
    /// It has another text now.
    Differs,
    /// It cannot be read any more.
    Gone,
}

/// `KEY=@FILE` with a path that means the same from any folder.
fn absolute_define(define: &str) -> String {
    match define.split_once("=@") {
        Some((key, file)) => format!("{key}=@{}", words::absolute(Path::new(file)).display()),
        None => define.to_owned(),
    }
}
