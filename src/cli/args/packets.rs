//! Packets as they are typed.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{ColorArgs, InputArgs, LevelArgs, OwnerArgs, ScriptArgs};

/// What is known of packets' surroundings.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Packets")]
pub(in crate::cli) struct PacketArgs {
    /// Settle what no packet says: `limit=yes`, `'set office=no'`, or a rule as in `'-A INPUT …=yes'`
    #[arg(long, value_name = "MATCH=yes|no", allow_hyphen_values = true)]
    pub(in crate::cli) assume: Vec<String>,
    /// An address of the host's, which a dump does not tell
    #[arg(long, value_name = "IFACE=ADDRESS/PREFIX")]
    pub(in crate::cli) address: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TraceArgs {
    /// The packet in iptables' words, such as 'in=eth0 src=198.51.100.7 proto=tcp dport=8080'
    #[arg(value_name = "PACKET")]
    pub(in crate::cli) packet: String,
    /// Scripts to run first; what would have become of the packet without them is told too
    #[arg(value_name = "SCRIPT", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) scripts: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) asking: AskingArgs,
}

/// What is asked about, and how the answer is printed.
#[derive(Debug, Args)]
pub(in crate::cli) struct AskingArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,
    #[command(flatten)]
    pub(in crate::cli) packets: PacketArgs,
    #[command(flatten)]
    pub(in crate::cli) script: ScriptArgs,
    #[command(flatten)]
    pub(in crate::cli) owner: OwnerArgs,
    /// Print the answer as JSON, an object a family
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) levels: LevelArgs,
    #[command(flatten)]
    pub(in crate::cli) color: ColorArgs,
}
