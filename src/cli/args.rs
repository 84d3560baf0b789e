//! The command line as it is typed. What it means, and whether it can be done, is for [`super::options`].

mod host;
mod packets;
mod persist;
mod testing;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

pub(super) use host::{
    ApplyArgs, BackupArgs, ConfirmArgs, GuardArgs, HistoryArgs, RestoreArgs, RevertArgs, SnapshotArgs,
    StateArgs,
};
pub(super) use packets::{AskingArgs, PacketArgs, TraceArgs};
pub(super) use persist::{Method, PersistArgs};
pub(super) use testing::{CompareArgs, NewArgs, TestArgs, TestFormat};

/// Firewall policy as code for Docker hosts: runs scripts over an iptables ruleset and prints what they made of it.
///
/// Without --input, --sample or --snapshot the live ruleset is read, which needs root.
#[derive(Debug, Parser)]
#[command(
    name = "dwscript",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    after_help = "Exit status: 0 done; 1 the answer is no (a check found an error, --check a difference); 2 it could not be done.\n\
        \n\
        First steps:\n  \
          dwscript --sample list\n  \
          dwscript scripts/harden.rhai --sample docker28-published --diff"
)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

/// The main job alone: most runs are that, and then the arguments of all the subcommands need not be set up.
#[derive(Debug, Parser)]
#[command(name = "dwscript")]
pub(super) struct JobLine {
    #[command(flatten)]
    pub(super) run: RunArgs,
}

/// Words that are no scripts.
pub(super) const SUBCOMMANDS: [&str; 20] = [
    "test",
    "compare",
    "new",
    "trace",
    "persist",
    "snapshot",
    "fmt",
    "lint",
    "explain",
    "remove",
    "confirm",
    "revert",
    "history",
    "backup",
    "restore",
    "api",
    "completions",
    "man",
    "guard",
    "help",
];

/// What is not the main job.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print a ruleset as iptables-save would print it
    Fmt(FmtArgs),
    /// Look for faults in a ruleset, without a script
    Lint(LintArgs),
    /// Follow a packet through the rules, and say what becomes of it
    Trace(TraceArgs),
    /// Run the tests of scripts: functions `test_…` in files `*_test.rhai`
    Test(TestArgs),
    /// Tell which packets fare otherwise by another ruleset, or by what scripts make of this one
    Compare(CompareArgs),
    /// Begin a script of your own, and its test
    New(NewArgs),
    /// Say what a message means, why, and what to do
    Explain(ExplainArgs),
    /// Take the rules of an owner off
    Remove(RemoveArgs),
    /// Keep the rules of the run that waits for it
    Confirm(ConfirmArgs),
    /// Undo a run, by what it changed and not by an old dump
    Revert(RevertArgs),
    /// List the runs that changed this host
    History(HistoryArgs),
    /// Write the live ruleset to a file, counters and all
    Backup(BackupArgs),
    /// Load a whole dump, unless it lacks rules that are live
    Restore(RestoreArgs),
    /// Capture this host in one file, for --snapshot: rules, addresses, routes, Docker's objects; no secrets
    Snapshot(SnapshotArgs),
    /// Have scripts run whenever Docker has started, at boot and later
    Persist(PersistArgs),
    /// The rollback of a run; `--apply` starts it
    #[command(hide = true)]
    Guard(GuardArgs),
    /// Print all that a script can call
    Api,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The scripts, run in this order on one ruleset
    #[arg(value_name = "SCRIPT", value_hint = ValueHint::FilePath)]
    pub(super) scripts: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) script: ScriptArgs,
    #[command(flatten)]
    pub(super) packets: PacketArgs,
    #[command(flatten)]
    pub(super) owner: OwnerArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) apply: ApplyArgs,
    #[command(flatten)]
    pub(super) levels: LevelArgs,
    #[command(flatten)]
    pub(super) color: ColorArgs,
}

/// How rules are told whose they are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Ownership")]
pub(super) struct OwnerArgs {
    /// Whose the rules are of a script that does not say `owner("NAME")` [default: the script's file name without `.rhai`]
    #[arg(long, value_name = "NAME")]
    pub(super) owner: Option<String>,
    /// Put no owner's tag on rules: add those that are not there yet, and move and take out none
    #[arg(long, conflicts_with_all = ["owner", "adopt"])]
    pub(super) no_tag: bool,
    /// Take over rules without a tag that are equal to the script's
    #[arg(long)]
    pub(super) adopt: bool,
}

#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    /// Whose rules are taken off
    #[arg(long, value_name = "NAME")]
    pub(super) owner: String,
    /// What the policy of a built-in chain of the filter table is to be, such as INPUT=ACCEPT
    #[arg(long = "policy", value_name = "CHAIN=POLICY")]
    pub(super) policies: Vec<String>,
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) apply: ApplyArgs,
    #[command(flatten)]
    pub(super) levels: LevelArgs,
    #[command(flatten)]
    pub(super) color: ColorArgs,
}

#[derive(Debug, Args)]
pub(super) struct FmtArgs {
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// Write to this file, whole or not at all; with -46 to FILE.v4 and FILE.v6
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(super) output: Option<PathBuf>,
    /// Exit with 1 and print the diff if the ruleset is not in this form
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    pub(super) check: bool,
    #[command(flatten)]
    pub(super) levels: LevelArgs,
    #[command(flatten)]
    pub(super) color: ColorArgs,
}

#[derive(Debug, Args)]
pub(super) struct LintArgs {
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// A dump of the ruleset that this one is to replace, or `live` for this host's: rules that would be lost are found. With -46: FILE.v4 and FILE.v6
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) replaces: Option<PathBuf>,
    /// Print the findings as JSON, an object a family
    #[arg(long, conflicts_with = "format")]
    pub(super) json: bool,
    /// How to print the findings
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) format: LintFormat,
    #[command(flatten)]
    pub(super) levels: LevelArgs,
    #[command(flatten)]
    pub(super) color: ColorArgs,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum LintFormat {
    /// On standard error, with the lines that they are about
    #[default]
    Text,
    /// As --json
    Json,
    /// SARIF 2.1.0, for code scanners and editors
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The code, which messages show in brackets
    #[arg(value_name = "CODE", required_unless_present = "list")]
    pub(super) code: Option<String>,
    /// List all codes
    #[arg(long, conflicts_with = "code")]
    pub(super) list: bool,
}

/// Where the ruleset comes from.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Input")]
pub(super) struct InputArgs {
    /// Read this iptables-save dump; `-` is standard input. With -46: FILE.v4 and FILE.v6
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) input: Option<PathBuf>,
    /// Take a built-in capture of a real Docker Engine; `list` names them
    #[arg(long, value_name = "NAME", conflicts_with = "input")]
    pub(super) sample: Option<String>,
    /// Read this capture of a host, as `dwscript snapshot` made it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["input", "sample"])]
    pub(super) snapshot: Option<PathBuf>,
    /// Ask Docker for the names of networks and containers though the ruleset is a dump; of the live one it is asked anyway
    #[arg(long, conflicts_with = "snapshot")]
    pub(super) docker: bool,
    /// IPv4, which is the default
    #[arg(short = '4', long)]
    pub(super) ipv4: bool,
    /// IPv6; with -4 both
    #[arg(short = '6', long)]
    pub(super) ipv6: bool,
    /// Where the iptables programs are [default: /usr/sbin, /sbin, /usr/bin, /bin]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["input", "sample", "snapshot"])]
    pub(super) iptables_dir: Option<PathBuf>,
}

/// What the scripts are given.
#[derive(Debug, Args)]
#[command(next_help_heading = "Scripts")]
pub(super) struct ScriptArgs {
    /// Set a parameter; `@FILE` is an array of the file's lines
    #[arg(short = 'D', long = "define", value_name = "KEY=VALUE")]
    pub(super) defines: Vec<String>,
    /// Set the parameters in this TOML file; the environment's `DWSCRIPT_PARAM_KEY` count for less, -D for more
    #[arg(long = "params", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) params: Vec<PathBuf>,
    /// Where `import` looks after the script's own folder
    #[arg(long = "library", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) libraries: Vec<PathBuf>,
    /// How long the scripts may run
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(super) time_limit: u64,
}

/// What is printed, and where to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct OutputArgs {
    /// Print what the scripts change, with the script line behind each change
    #[arg(long, conflicts_with_all = ["json", "format"])]
    pub(super) diff: bool,
    /// Print the changes alone, as text for `iptables-restore --noflush`
    #[arg(long, conflicts_with_all = ["diff", "json", "format", "check"])]
    pub(super) delta: bool,
    /// Print the way back from the result to what was read
    #[arg(long, requires = "delta")]
    pub(super) inverse: bool,
    /// Print the ruleset, the edits and the diagnostics as JSON
    #[arg(long, conflicts_with = "format")]
    pub(super) json: bool,
    /// What to print
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(super) format: Option<FormatName>,
    /// Write to this file, whole or not at all; with -46 to FILE.v4 and FILE.v6
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
    /// Write the sets that the scripts declare to this file, for `ipset -exist restore`; with -46 to FILE.v4 and FILE.v6
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "check")]
    pub(super) sets: Option<PathBuf>,
    /// Exit with 1 and print the diff if the result differs from the input
    #[arg(long, conflicts_with = "output")]
    pub(super) check: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FormatName {
    /// The whole ruleset as iptables-restore text
    Restore,
    /// As --diff
    Diff,
    /// As --delta
    Delta,
    /// As --delta --inverse
    Inverse,
    /// As --json
    Json,
}

/// How grave a finding is taken to be; the last word on a code counts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Checks")]
pub(super) struct LevelArgs {
    /// Take this finding for an error; `warnings` stands for all warnings
    #[arg(long, value_name = "CODE")]
    pub(super) deny: Vec<String>,
    /// Take it for a warning
    #[arg(long, value_name = "CODE")]
    pub(super) warn: Vec<String>,
    /// Say nothing of it
    #[arg(long, value_name = "CODE")]
    pub(super) allow: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct ColorArgs {
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub(super) color: ColorChoice,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum ColorChoice {
    /// At a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_subcommands_are_those_of_the_command_line() {
        let mut command = CommandLine::command();
        command.build();
        let names = command.get_subcommands().map(|command| command.get_name().to_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        let mut known = SUBCOMMANDS.to_vec();
        known.sort_unstable();
        assert_eq!(names, known);
    }
}
