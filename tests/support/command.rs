//! The `dwscript` program, run as a user runs it.

use std::process::{Command, Output};

use super::process::run;

/// Runs the program in the project's folder.
pub(crate) fn dwscript(args: &[&str], stdin: &[u8]) -> Output {
    run(
        Command::new(env!("CARGO_BIN_EXE_dwscript")).args(args).current_dir(env!("CARGO_MANIFEST_DIR")),
        stdin,
    )
}
