//! `dwscript new`: a script to begin with, and its test.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::args::NewArgs;
use super::color::Colors;
use super::output;
use super::status::{Status, usage};
use crate::diagnostic::Diagnostic;
use crate::model::owner;

const SCRIPT: &str = include_str!("site.rhai");
const TEST: &str = include_str!("site_test.rhai");
/// What stands for the name in both.
const NAME: &str = "@NAME@";

pub(super) fn run(args: &NewArgs) -> Status {
    match write(&args.name) {
        Ok((script, test)) => output::print(&next(&script, &test)),
        Err(diagnostic) => {
            output::say(&[*diagnostic], Colors::new(args.color.color).stderr);
            Status::Failed
        }
    }
}

/// What was written, and what to do with it.
fn next(script: &Path, test: &Path) -> String {
    let (script, test) = (script.display(), test.display());
    format!(
        "wrote {script} and {test}\n\nnext:\n  dwscript test {test}\n  \
         dwscript {script} --sample docker28-published --diff\n  \
         dwscript {script} --diff      # on this host, as root; it changes nothing yet\n"
    )
}

/// Writes both files, or none of them.
fn write(path: &Path) -> Result<(PathBuf, PathBuf), Box<Diagnostic>> {
    let path = if path.extension().is_some_and(|ending| ending == "rhai") {
        path.with_extension("")
    } else {
        path.to_owned()
    };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    if let Err(error) = owner::check(&name) {
        let help = "the script owns its rules by its name; for example `dwscript new site`";
        return Err(Box::new(usage(&error.to_string()).help(help)));
    }
    let file = |ending: &str| path.with_file_name([&name, ending].concat());
    let (script, test) = (file(".rhai"), file("_test.rhai"));
    for path in [&script, &test] {
        if path.symlink_metadata().is_ok() {
            return Err(Box::new(exists(path)));
        }
    }
    create(&script, &SCRIPT.replace(NAME, &name))?;
    create(&test, &TEST.replace(NAME, &name)).inspect_err(|_| drop(std::fs::remove_file(&script)))?;
    Ok((script, test))
}

fn exists(path: &Path) -> Diagnostic {
    Diagnostic::error("file-exists", format!("`{}` is there already", path.display()))
        .help("choose another name; nothing was written")
}

fn create(path: &Path, text: &str) -> Result<(), Box<Diagnostic>> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Box::new(exists(path)),
        _ => Box::new(
            Diagnostic::error(
                "unwritable-output",
                format!("`{}` cannot be written: {error}", path.display()),
            )
            .help("see to the folder and run this again"),
        ),
    })
}
