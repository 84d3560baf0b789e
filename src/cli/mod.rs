//! The command line: one subcommand a file. Only this stage reads arguments and writes to the standard streams.

mod api;
mod apply;
mod args;
mod backup;
mod checked;
mod color;
mod compare;
mod completions;
mod confirm;
mod docker_client;
mod ended;
mod explain;
mod fmt;
mod guard;
mod history;
mod input;
mod lint;
mod live;
mod lockout;
mod man;
mod modules;
mod new;
mod options;
mod output;
mod parameters;
mod persist;
mod result;
mod revert;
mod run;
mod sets;
mod site;
mod snapshot;
mod status;
mod steps;
mod test;
mod trace;
mod waiting;
mod world;

use std::ffi::OsString;

use clap::Parser as _;

use args::{Command, CommandLine, JobLine, RunArgs, SUBCOMMANDS};
pub use status::Status;

/// Does what the arguments say; the first one is the program's own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Status {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let names_a_subcommand =
        arguments.iter().skip(1).any(|word| SUBCOMMANDS.iter().any(|name| word.as_os_str() == *name));
    // What is wrong with the arguments, and the help, is told by the whole command line.
    if !names_a_subcommand && let Ok(JobLine { run }) = JobLine::try_parse_from(&arguments) {
        return job(&run);
    }
    let line = match CommandLine::try_parse_from(arguments) {
        Ok(line) => line,
        Err(answer) => return output::usage(&answer),
    };
    match line.command {
        None => job(&line.run),
        Some(Command::Fmt(args)) => fmt::run(&args),
        Some(Command::Lint(args)) => lint::run(&args),
        Some(Command::Trace(args)) => trace::run(&args),
        Some(Command::Test(args)) => test::run(&args),
        Some(Command::Compare(args)) => compare::run(&args),
        Some(Command::New(args)) => new::run(&args),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Remove(args)) if args.apply.is_wanted() => apply::remove(&args),
        Some(Command::Remove(args)) => run::remove(&args),
        Some(Command::Confirm(args)) => confirm::run(&args),
        Some(Command::Revert(args)) => revert::run(&args),
        Some(Command::History(args)) => history::run(&args),
        Some(Command::Backup(args)) => backup::backup(&args),
        Some(Command::Restore(args)) => backup::restore(&args),
        Some(Command::Snapshot(args)) => snapshot::run(&args),
        Some(Command::Persist(args)) => persist::run(&args),
        Some(Command::Guard(args)) => guard::run(&args),
        Some(Command::Api) => api::run(),
        Some(Command::Completions { shell }) => completions::run(shell),
        Some(Command::Man) => man::run(),
    }
}

/// The main job.
fn job(args: &RunArgs) -> Status {
    if args.apply.is_wanted() { apply::run(args) } else { run::run(args) }
}
