//! Which files have tests.

use std::path::{Path, PathBuf};

use crate::cli::input::unreadable;
use crate::diagnostic::Diagnostic;

/// How the names of files with tests end.
const ENDING: &str = "_test.rhai";
/// Where tests are looked for where nothing is said.
const USUAL: &str = "scripts";

/// The files that are meant, and those in the folders that are, in the order of their names.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Diagnostic> {
    let mut found = Vec::new();
    if paths.is_empty() {
        let usual = Path::new(USUAL);
        look(if usual.is_dir() { usual } else { Path::new(".") }, &mut found)?;
    }
    for path in paths {
        if path.is_dir() {
            look(path, &mut found)?;
        } else if path.exists() {
            found.push(path.clone());
        } else {
            let message = format!("there is no `{}`", path.display());
            return Err(Diagnostic::error("unreadable-input", message)
                .help("give files of tests, or folders with files `*_test.rhai`"));
        }
    }
    Ok(found)
}

fn look(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Diagnostic> {
    let unreadable = |error: std::io::Error| unreadable(&folder.display().to_string(), &error);
    let mut entries: Vec<_> = std::fs::read_dir(folder).map_err(unreadable)?.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = if folder == Path::new(".") { PathBuf::from(entry.file_name()) } else { entry.path() };
        // Links to folders are not followed: they may lead round in circles.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !name.starts_with('.') {
                look(&path, found)?;
            }
        } else if name.ends_with(ENDING) {
            found.push(path);
        }
    }
    Ok(())
}
