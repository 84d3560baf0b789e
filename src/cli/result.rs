//! What a run comes to, before it is printed or applied.

use super::options::Job;
use crate::check::{Checked, Levels};
use crate::diagnostic::Diagnostic;
use crate::packets::Admin;
use crate::script::{Allowed, IpSet};

/// What a run made of one family's ruleset.
pub(super) struct RunResult<'o> {
    pub(super) job: &'o Job,
    pub(super) checked: Checked,
    /// Whether the text was one that printing gives back as it is.
    pub(super) verbatim: bool,
    /// The sets that the scripts declared.
    pub(super) sets: Vec<IpSet>,
    /// The owners of the run.
    pub(super) owners: Vec<String>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What the scripts allow.
    pub(super) allowed: Vec<Allowed>,
    /// The packets by which administrators reach the host.
    pub(super) admins: Vec<Admin>,
    /// How grave findings are, what the scripts allow considered.
    pub(super) levels: Levels,
}
