//! The `dwscript` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    dwscript::cli::run(std::env::args_os()).into()
}
