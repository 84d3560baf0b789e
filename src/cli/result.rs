//! What a run comes to, before it is printed or applied.

use super::options::Job;
use crate::check::{Checked, Levels};
use crate::diagnostic::Diagnostic;
use crate::model::Ruleset;
use crate::packets::{Admin, Members};
use crate::save;
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

impl RunResult<'_> {
    /// The ruleset as it was read, before any script.
    pub(super) fn original(&self) -> Option<Ruleset> {
        let ruleset = self.checked.ruleset();
        save::parse(ruleset.source(), ruleset.family()).ok()
    }

    /// The sets that the scripts declared, as those who follow packets need them.
    pub(super) fn members(&self) -> Vec<Members> {
        self.sets.iter().map(IpSet::members).collect()
    }
}
