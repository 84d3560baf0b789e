//! What a run prints: one format a file. Only a [`Checked`](crate::check::Checked) ruleset is printed as a result.

pub mod boot;
pub mod canonical;
mod changes;
pub mod delta;
pub mod diagnostics;
pub mod diff;
pub mod explain;
pub mod github;
pub mod json;
pub mod parts;
pub mod restore;
pub mod sarif;
pub mod sets;
pub mod trace;

/// How a result is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The whole ruleset as iptables-restore text.
    #[default]
    Restore,
    /// What the scripts changed, with the script line behind each change.
    Diff,
    /// The smallest text for `iptables-restore --noflush` that makes the changes.
    Delta,
    /// The same for the way back.
    Inverse,
    /// One JSON object: the ruleset, the edits, the diagnostics.
    Json,
}
