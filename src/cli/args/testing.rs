//! Tests, comparisons and new scripts as they are typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::{AskingArgs, ColorArgs};

#[derive(Debug, Args)]
pub(in crate::cli) struct TestArgs {
    /// Files of tests, and folders whose files `*_test.rhai` are [default: scripts, if it is there, else .]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Run the tests alone whose name, `FILE::FUNCTION`, has this in it
    #[arg(long, value_name = "SUBSTRING")]
    pub(in crate::cli) filter: Option<String>,
    /// How to print what came of them
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(in crate::cli) format: TestFormat,
    /// Where scripts, modules and dumps are looked for after the test's own folder
    #[arg(long = "library", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) libraries: Vec<PathBuf>,
    /// How long a test, and each run of scripts in it, may take
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(in crate::cli) time_limit: u64,
    #[command(flatten)]
    pub(in crate::cli) color: ColorArgs,
}

/// How the results of tests are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TestFormat {
    /// A line a test, and what failed behind them
    #[default]
    Text,
    /// `JUnit`'s XML, which most CI systems read
    Junit,
    /// One JSON object
    Json,
    /// Annotations of a GitHub workflow
    Github,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompareArgs {
    /// OLD and NEW: dumps, `-` for standard input, built-in captures or snapshots; or scripts (*.rhai), whose result is
    /// compared with the ruleset that they are run on
    #[arg(value_name = "OLD NEW | SCRIPT...", required = true, value_hint = ValueHint::FilePath)]
    pub(in crate::cli) what: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) asking: AskingArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct NewArgs {
    /// What the script is called: `NAME.rhai` and `NAME_test.rhai` are written, and NAME owns its rules
    #[arg(value_name = "NAME", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) name: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) color: ColorArgs,
}
