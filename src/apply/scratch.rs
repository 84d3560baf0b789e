//! A network namespace to try things out in; it is gone with the value, and with this process.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::process::{self, Finished, ProcessError};
use super::tools::system_program;
use crate::diagnostic::Diagnostic;

/// An empty network namespace.
#[derive(Debug)]
pub(super) struct Scratch {
    /// A `cat` in the namespace, which ends with its input.
    holder: Child,
    nsenter: PathBuf,
    folder: TempDir,
}

impl Scratch {
    pub(super) fn new() -> Result<Self, Diagnostic> {
        let program = |name: &str| system_program(name).ok_or_else(|| none(&format!("there is no `{name}`")));
        let (unshare, nsenter, cat) = (program("unshare")?, program("nsenter")?, program("cat")?);
        let failed = |error: std::io::Error| none(&error.to_string());
        let folder = TempDir::new().map_err(failed)?;
        let mut command = process::command(&unshare);
        command.args(["--net", "--"]).arg(cat);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut scratch = Self { holder: command.spawn().map_err(failed)?, nsenter, folder };
        if scratch.answers() { Ok(scratch) } else { Err(none("`unshare --net` failed")) }
    }

    /// Whether the holder is there: it says what it is told.
    fn answers(&mut self) -> bool {
        let said = self.holder.stdin.as_mut().is_some_and(|pipe| pipe.write_all(b"\n").is_ok());
        let mut answer = [0];
        said && self.holder.stdout.as_mut().is_some_and(|pipe| pipe.read_exact(&mut answer).is_ok())
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = process::command(&self.nsenter);
        command.arg(format!("--net=/proc/{}/ns/net", self.holder.id())).arg("--").arg(program);
        // The lock of the legacy backend is a file, which all namespaces share.
        command.env("XTABLES_LOCKFILE", self.folder.path().join("xtables.lock"));
        command
    }

    /// Runs a program in the namespace.
    pub(super) fn run(
        &self,
        program: &Path,
        args: &[&str],
        input: Vec<u8>,
        limit: Duration,
    ) -> Result<Finished, ProcessError> {
        let mut command = self.command(program);
        command.args(args);
        process::run(command, input, limit)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

fn none(why: &str) -> Diagnostic {
    Diagnostic::error("no-rehearsal", format!("there is no namespace to rehearse in: {why}"))
        .note("nothing was changed")
        .help("install util-linux, or leave the rehearsal out by --no-rehearse")
}
