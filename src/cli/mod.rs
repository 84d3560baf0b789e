//! The command line: one subcommand a file. Only this stage reads arguments and writes to the standard streams.

mod api;
mod apply;
mod args;
mod backup;
mod color;
mod completions;
mod confirm;
mod fmt;
mod guard;
mod history;
mod input;
mod lint;
mod live;
mod man;
mod options;
mod output;
mod parameters;
mod persist;
mod revert;
mod run;
mod status;
mod steps;
mod waiting;

use std::ffi::OsString;

use clap::Parser as _;

use args::{Command, CommandLine};
pub use status::Status;

/// Does what the arguments say; the first one is the program's own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Status {
    let line = match CommandLine::try_parse_from(arguments) {
        Ok(line) => line,
        Err(answer) => return output::usage(&answer),
    };
    match line.command {
        None if line.run.apply.is_wanted() => apply::run(&line.run),
        None => run::run(&line.run),
        Some(Command::Fmt(args)) => fmt::run(&args),
        Some(Command::Lint(args)) => lint::run(&args),
        Some(Command::Remove(args)) => run::remove(&args),
        Some(Command::Confirm(args)) => confirm::run(&args),
        Some(Command::Revert(args)) => revert::run(&args),
        Some(Command::History(args)) => history::run(&args),
        Some(Command::Backup(args)) => backup::backup(&args),
        Some(Command::Restore(args)) => backup::restore(&args),
        Some(Command::Persist(args)) => persist::run(&args),
        Some(Command::Guard(args)) => guard::run(&args),
        Some(Command::Api) => api::run(),
        Some(Command::Completions { shell }) => completions::run(shell),
        Some(Command::Man) => man::run(),
    }
}
