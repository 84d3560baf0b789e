//! The `dwscript` program, run as a user runs it.

use std::path::Path;
use std::process::{Command, Output};

use super::process::{run, text};

/// A command that runs the program in `folder`, with no parameters from the environment and no colours.
pub(crate) fn program(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dwscript"));
    command.args(args).current_dir(folder).env("LC_ALL", "C");
    for (name, _) in std::env::vars_os() {
        let is_ours = name.to_str().is_some_and(|name| name.starts_with("DWSCRIPT_PARAM_"));
        if is_ours || name == "CLICOLOR_FORCE" {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the program in the project's folder.
pub(crate) fn dwscript(args: &[&str], stdin: &[u8]) -> Output {
    run(&mut program(Path::new(env!("CARGO_MANIFEST_DIR")), args), stdin)
}

/// What a run printed: its exit status, standard output and standard error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Printed {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Printed {
    fn from(output: Output) -> Self {
        Self { status: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

/// A folder with files, to run the program in.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder that holds `files`, each with its name and its text.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::TempDir::new().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Runs the program in the folder.
    pub(crate) fn run(&self, args: &[&str]) -> Printed {
        self.run_with(args, "")
    }

    /// Runs the program in the folder with standard input.
    pub(crate) fn run_with(&self, args: &[&str], stdin: &str) -> Printed {
        run(&mut program(self.path(), args), stdin.as_bytes()).into()
    }
}
