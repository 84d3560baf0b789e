//! The modules that scripts import, before any of them runs.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::input;
use super::status::usage;
use crate::apply::check_trust;
use crate::diagnostic::Diagnostic;

/// Whether others than its owner and root could have written a script, one of its modules, or what is in the folders
/// `libraries`.
///
/// # Errors
/// That they could: what these files say becomes the host's firewall.
pub(super) fn check_all_trust(scripts: &[PathBuf], libraries: &[PathBuf]) -> Result<(), Diagnostic> {
    for script in scripts {
        check_trust(script)?;
        // A folder that is missing is told when the script is read.
        let Ok((home, name)) = split(script) else { continue };
        let modules = with_modules(&home, Path::new(name));
        modules.iter().try_for_each(|module| check_trust(&home.join(module)))?;
    }
    for library in libraries {
        check_trust(library)?;
        let files = fs::read_dir(library).into_iter().flatten().flatten();
        files.map(|file| file.path()).try_for_each(|file| check_trust(&file))?;
    }
    Ok(())
}

/// The folder of a script, and its name in it.
pub(super) fn split(script: &Path) -> Result<(PathBuf, &OsStr), Diagnostic> {
    let Some(name) = script.file_name() else {
        return Err(usage(&format!("`{}` is no script", script.display())));
    };
    let parent = script.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let home =
        fs::canonicalize(parent).map_err(|error| input::unreadable(&script.display().to_string(), &error))?;
    Ok((home, name))
}

/// A script and all modules in its folder that it imports, directly or not, by their paths in that folder.
pub(super) fn with_modules(home: &Path, script: &Path) -> BTreeSet<PathBuf> {
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
