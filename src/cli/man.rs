//! `dwscript man`: the manual page, as troff text.

use clap::CommandFactory as _;

use super::args::CommandLine;
use super::output;
use super::status::Status;

pub(super) fn run() -> Status {
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = clap_mangen::Man::new(CommandLine::command()).render(&mut text);
    output::print(&String::from_utf8_lossy(&text))
}
