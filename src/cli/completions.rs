//! `dwscript completions SHELL`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::CommandLine;
use super::output;
use super::status::Status;

pub(super) fn run(shell: Shell) -> Status {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "dwscript", &mut text);
    output::print(&String::from_utf8_lossy(&text))
}
