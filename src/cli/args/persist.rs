//! `dwscript persist` as it is typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::{ColorArgs, InputArgs, LevelArgs, OwnerArgs, ScriptArgs, StateArgs};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct PersistArgs {
    /// The scripts that are to run after Docker has started, in this order
    #[arg(value_name = "SCRIPT", value_hint = ValueHint::FilePath, conflicts_with_all = ["status", "remove"])]
    pub(in crate::cli) scripts: Vec<PathBuf>,
    /// What loads the rules
    #[arg(long, value_name = "METHOD", value_enum, default_value_t)]
    pub(in crate::cli) method: Method,
    /// Install a unit besides that loads the scripts' rules and policies of INPUT and OUTPUT before the network is up
    #[arg(long)]
    pub(in crate::cli) early: bool,
    /// Say what is installed, how its last run ended and what has changed since; exits with 1 if nothing is installed
    #[arg(long, conflicts_with = "remove")]
    pub(in crate::cli) status: bool,
    /// Take away what was installed; the rules on the host stay
    #[arg(long)]
    pub(in crate::cli) remove: bool,
    /// Print what is installed then, as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// What the unit runs: the scripts, or their last good result where they fail
    #[arg(long, hide = true, requires = "scripts", conflicts_with_all = ["status", "remove", "early"])]
    pub(in crate::cli) run: bool,
    /// What the early unit runs
    #[arg(long, hide = true, conflicts_with_all = ["status", "remove", "early", "run", "scripts"])]
    pub(in crate::cli) run_early: bool,
    /// Write below this folder, as for the image of another machine, and start nothing
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, default_value = "/")]
    pub(in crate::cli) root: PathBuf,
    /// Install scripts that others than their owner and root can write
    #[arg(long)]
    pub(in crate::cli) trust: bool,
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,
    #[command(flatten)]
    pub(in crate::cli) script: ScriptArgs,
    #[command(flatten)]
    pub(in crate::cli) owner: OwnerArgs,
    #[command(flatten)]
    pub(in crate::cli) levels: LevelArgs,
    #[command(flatten)]
    pub(in crate::cli) state: StateArgs,
    #[command(flatten)]
    pub(in crate::cli) color: ColorArgs,
}

/// What loads the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Method {
    /// A systemd unit runs the scripts whenever Docker has started
    #[default]
    Systemd,
    /// Besides, netfilter-persistent loads what they make now, without Docker's rules, before the network is up
    NetfilterPersistent,
}
