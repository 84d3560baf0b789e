//! Changing this host, and what was changed, as it is typed.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::apply::STATE_DIR;

/// Changing this host.
#[derive(Debug, Args)]
#[command(next_help_heading = "Apply")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct ApplyArgs {
    /// Change this host's rules: rehearsed, backed up, and rolled back unless confirmed; both families, unless -4 or -6
    #[arg(long, conflicts_with_all = ["input", "sample", "snapshot", "docker", "diff", "delta", "format", "output", "sets", "check"])]
    pub(in crate::cli) apply: bool,
    /// How long the new rules wait for their confirmation
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(in crate::cli) confirm: u64,
    /// Take a `y` from this terminal over SSH too, though an open connection proves nothing
    #[arg(long, requires = "apply", conflicts_with = "no_confirm")]
    pub(in crate::cli) confirm_here: bool,
    /// Keep the new rules without asking, as for boot units
    #[arg(long, requires = "apply")]
    pub(in crate::cli) no_confirm: bool,
    /// Load the result in a scratch network namespace, change nothing and stop
    #[arg(long, conflicts_with_all = ["diff", "delta", "format", "output", "sets", "check", "no_rehearse"])]
    pub(in crate::cli) rehearse: bool,
    /// Change the host without loading the result in a scratch network namespace first
    #[arg(long, requires = "apply")]
    pub(in crate::cli) no_rehearse: bool,
    /// Apply scripts that others than their owner and root can write
    #[arg(long)]
    pub(in crate::cli) trust: bool,
    #[command(flatten)]
    pub(in crate::cli) state: StateArgs,
}

impl ApplyArgs {
    /// Whether a result is to be loaded, here or in a scratch namespace.
    pub(in crate::cli) const fn is_wanted(&self) -> bool {
        self.apply || self.rehearse
    }
}

/// Where backups and pending rollbacks live.
#[derive(Debug, Args)]
pub(in crate::cli) struct StateArgs {
    /// Where backups and pending rollbacks live
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, default_value = STATE_DIR)]
    pub(in crate::cli) state_dir: PathBuf,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ConfirmArgs {
    /// The run's number, as `history` lists it [default: the one that waits]
    pub(in crate::cli) id: Option<u64>,
    /// Confirm from a connection that was open before the run, though that proves nothing
    #[arg(long)]
    pub(in crate::cli) confirm_here: bool,
    #[command(flatten)]
    pub(in crate::cli) state: StateArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RevertArgs {
    /// The run's number, as `history` lists it [default: the one that waits, else the last confirmed one]
    pub(in crate::cli) id: Option<u64>,
    /// Undo all confirmed runs, the newest first
    #[arg(long, conflicts_with = "id")]
    pub(in crate::cli) all: bool,
    /// Print what was done as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) state: StateArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryArgs {
    /// Print the runs as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) state: StateArgs,
}

/// Which of the host's rulesets are meant, and by which programs.
#[derive(Debug, Args)]
pub(in crate::cli) struct LiveArgs {
    /// IPv4, which is the default
    #[arg(short = '4', long)]
    pub(in crate::cli) ipv4: bool,
    /// IPv6; with -4 both
    #[arg(short = '6', long)]
    pub(in crate::cli) ipv6: bool,
    /// Where the iptables programs are [default: /usr/sbin, /sbin, /usr/bin, /bin]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) iptables_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct BackupArgs {
    /// Write to this file, whole or not at all; with -46 to FILE.v4 and FILE.v6
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) output: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) live: LiveArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RestoreArgs {
    /// The dump; with -46 FILE.v4 and FILE.v6
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) file: PathBuf,
    /// Take out live rules that the dump does not hold, Docker's among them
    #[arg(long)]
    pub(in crate::cli) wipe: bool,
    #[command(flatten)]
    pub(in crate::cli) live: LiveArgs,
    #[command(flatten)]
    pub(in crate::cli) state: StateArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct GuardArgs {
    /// The run's number
    pub(in crate::cli) id: u64,
    #[command(flatten)]
    pub(in crate::cli) state: StateArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SnapshotArgs {
    /// Write to this file, whole or not at all; `-` is standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) output: PathBuf,
    /// Where the iptables programs are [default: /usr/sbin, /sbin, /usr/bin, /bin]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) iptables_dir: Option<PathBuf>,
}
