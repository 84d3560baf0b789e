//! Copies of scripts, of the modules that they import, and of the parameters.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{places, words};
use crate::cli::args::ScriptArgs;
use crate::cli::input;
use crate::cli::parameters;
use crate::cli::status::usage;
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

/// The folder of a script, and its name in it.
fn split(script: &Path) -> Result<(PathBuf, &OsStr), Diagnostic> {
    let Some(name) = script.file_name() else {
        return Err(usage(&format!("`{}` is no script", script.display())));
    };
    let parent = script.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let home =
        fs::canonicalize(parent).map_err(|error| input::unreadable(&script.display().to_string(), &error))?;
    Ok((home, name))
}

/// A script and all modules in its folder that it imports, directly or not, by their paths in that folder.
fn with_modules(home: &Path, script: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::from([script.to_owned()]);
    let mut unread = vec![script.to_owned()];
    while let Some(file) = unread.pop() {
        let text = fs::read_to_string(home.join(&file)).unwrap_or_default();
        let beside = file.parent().unwrap_or(Path::new(""));
        for name in imports(&text) {
            let candidates =
                [beside.join(&name), PathBuf::from(&name)].into_iter().filter_map(|path| inside(&path));
            let modules = candidates.filter(|path| home.join(path).is_file());
            for module in modules {
                if found.insert(module.clone()) {
                    unread.push(module);
                }
            }
        }
    }
    found
}

/// The files that a text names behind the word `import`. One in a comment counts too: a file too many does no harm.
fn imports(text: &str) -> Vec<PathBuf> {
    let behind = text.split("import").skip(1).map(str::trim_start);
    let quoted = behind.filter_map(|rest| {
        let quote = rest.chars().next().filter(|first| matches!(first, '"' | '`'))?;
        rest.get(1..)?.split(quote).next()
    });
    quoted
        .map(|name| {
            let path = PathBuf::from(name);
            let ended = path.extension().is_some_and(|ending| ending == "rhai");
            if ended { path } else { PathBuf::from(format!("{name}.rhai")) }
        })
        .collect()
}

/// A path without `.` and `..`; none if it leads out.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !clean.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found() {
        let found = imports(
            "import \"lib/ssh\" as ssh;\n// import `a.rhai` as a\nlet important = 1; import name as n;",
        );
        assert_eq!(found, [PathBuf::from("lib/ssh.rhai"), PathBuf::from("a.rhai")]);
    }

    #[test]
    fn paths_stay_inside() {
        assert_eq!(inside(Path::new("lib/../a.rhai")), Some(PathBuf::from("a.rhai")));
        assert_eq!(inside(Path::new("../a.rhai")), None);
        assert_eq!(inside(Path::new("/etc/a.rhai")), None);
    }
}
