//! Copies of scripts, of the modules that they import, and of the parameters.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{places, words};
use crate::cli::args::ScriptArgs;
use crate::cli::input;
use crate::cli::modules::{split, with_modules};
use crate::cli::parameters;
use crate::diagnostic::Diagnostic;

/// Only root reads them: parameters may be secrets.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// The parameters, in the folder of the copies.
pub(super) const PARAMS: &str = "params.toml";

/// What was copied, by the paths in the folder of the copies.
pub(super) struct Copies {
    scripts: Vec<PathBuf>,
    params: Option<PathBuf>,
    libraries: Vec<PathBuf>,
    files: Vec<Copied>,
}

/// A file that was copied.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Copied {
    /// Where it is.
    pub(super) source: PathBuf,
    /// Its copy, in the folder of the copies.
    pub(super) copy: PathBuf,
}

impl Copies {
    /// Copies all that a run needs into `folder`.
    pub(super) fn make(scripts: &[PathBuf], args: &ScriptArgs, folder: &Path) -> Result<Self, Diagnostic> {
        let mut copies = Self { scripts: Vec::new(), params: None, libraries: Vec::new(), files: Vec::new() };
        let mut homes: Vec<PathBuf> = Vec::new();
        for script in scripts {
            let (home, name) = split(script)?;
            let at = homes.iter().position(|known| *known == home).unwrap_or_else(|| {
                homes.push(home.clone());
                homes.len() - 1
            });
            let below = numbered("scripts", at);
            for file in with_modules(&home, Path::new(name)) {
                copies.copy(&home.join(&file), folder, below.join(&file))?;
            }
            copies.scripts.push(below.join(name));
        }
        for (at, library) in args.libraries.iter().enumerate() {
            let below = numbered("library", at);
            places::make_folder(&folder.join(&below), FOLDER_MODE)?;
            copies.copy_library(library, folder, &below)?;
            copies.libraries.push(below);
        }
        let params = parameters::as_file(args)?;
        if !params.is_empty() {
            let name = PathBuf::from(PARAMS);
            places::write(&folder.join(&name), params.as_bytes(), FILE_MODE)?;
            copies.params = Some(name);
        }
        Ok(copies)
    }

    fn copy(&mut self, source: &Path, folder: &Path, copy: PathBuf) -> Result<(), Diagnostic> {
        let to = folder.join(&copy);
        places::make_folder(to.parent().unwrap_or(&to), FOLDER_MODE)?;
        places::write(&to, &input::file(source)?, FILE_MODE)?;
        self.files.push(Copied { source: words::absolute(source), copy });
        Ok(())
    }

    /// Copies every script of a library; links to folders are not followed.
    fn copy_library(&mut self, from: &Path, folder: &Path, below: &Path) -> Result<(), Diagnostic> {
        let unreadable = |error: &std::io::Error| input::unreadable(&from.display().to_string(), error);
        for entry in fs::read_dir(from).map_err(|error| unreadable(&error))? {
            let entry = entry.map_err(|error| unreadable(&error))?;
            let (path, place) = (entry.path(), below.join(entry.file_name()));
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.copy_library(&path, folder, &place)?;
            } else if path.extension().is_some_and(|ending| ending == "rhai") && path.is_file() {
                self.copy(&path, folder, place)?;
            }
        }
        Ok(())
    }

    /// The files, where they are and where they went.
    pub(super) fn files(&self) -> &[Copied] {
        &self.files
    }

    /// The copied scripts, where the folder of the copies is `folder`.
    pub(super) fn scripts(&self, folder: &Path) -> Vec<PathBuf> {
        self.scripts.iter().map(|script| folder.join(script)).collect()
    }

    /// What the copied scripts are given.
    pub(super) fn script_args(&self, folder: &Path, time_limit: u64) -> ScriptArgs {
        ScriptArgs {
            defines: Vec::new(),
            params: self.params.iter().map(|params| folder.join(params)).collect(),
            libraries: self.libraries.iter().map(|library| folder.join(library)).collect(),
            time_limit,
        }
    }
}

/// `scripts`, `scripts-2`, and so on.
fn numbered(name: &str, at: usize) -> PathBuf {
    if at == 0 { name.into() } else { format!("{name}-{}", at + 1).into() }
}
