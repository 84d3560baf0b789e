//! Running programs: found by name, fed from a string, their output collected.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;

use crate::support::skip::Skip;

/// Where administrators' programs are, whether or not `PATH` says so.
const SYSTEM_FOLDERS: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The path of a program in `PATH` or the system's folders.
pub(crate) fn find(program: &str) -> Result<PathBuf, Skip> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(SYSTEM_FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .ok_or_else(|| Skip::because(format!("needs the program {program}")))
}

/// Runs a command with `stdin` as its input, and waits for it.
///
/// # Panics
/// When the program cannot be started.
pub(crate) fn run(command: &mut Command, stdin: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let pipe = child.stdin.take();
    thread::scope(|scope| {
        // A program that ends early closes its input: that is no failure of the test's.
        scope.spawn(move || pipe.map(|mut pipe| pipe.write_all(stdin)));
        child.wait_with_output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
    })
}

/// What a program wrote, as text; bytes that are not UTF-8 are replaced.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The standard output of a program that must succeed.
///
/// # Panics
/// With the program's words when it failed.
#[track_caller]
pub(crate) fn stdout_of(output: &Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, text(&output.stderr));
    text(&output.stdout)
}
