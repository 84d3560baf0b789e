//! The check: what scripts made of a ruleset is validated before it is printed.
//!
//! An error is what the scripts introduced. What was wrong with the input already is a warning, and the ruleset still
//! prints. [`lint`] treats both alike.

mod built_in;
mod chains;
mod components;
mod docker;
mod fixed;
mod framing;
mod graph;
mod hooks;
mod input;
mod interfaces;
mod late;
mod levels;
mod loops;
mod missing;
mod noted;
mod orphans;
mod policies;
mod report;
mod shapes;
mod specs;
mod survey;
mod tables;
mod unknown;

pub use fixed::fixed_point;
pub use levels::{Levels, UnknownCode};

use report::Report;
use survey::Survey;

use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{EditId, RuleId, Ruleset};

/// One check: it looks at the survey of a ruleset and reports.
struct Check {
    /// The codes that it reports.
    codes: &'static [&'static str],
    run: fn(&Survey<'_>, &mut Report<'_>),
}

/// Every check, in the order of their findings.
const CHECKS: &[Check] = &[
    input::CHECK,
    framing::CHECK,
    late::CHECK,
    specs::CHECK,
    missing::CHECK,
    unknown::CHECK,
    built_in::CHECK,
    tables::CHECK,
    hooks::CHECK,
    interfaces::CHECK,
    loops::CHECK,
    policies::CHECK,
    chains::CHECK,
    noted::CHECK,
    docker::CHECK,
    orphans::CHECK,
];

/// Codes of faults that scripts meet as soon as they make the edit. They are errors of the check all the same: the run could
/// be done, and the answer is no.
const EARLY: [&str; 6] = [
    "policy-on-user-chain",
    "bad-chain-name",
    "mixed-family",
    "wrong-family",
    "port-without-protocol",
    "match-needs-protocol",
];

/// Whether a script that stopped with this code was refused by what the check asks for.
#[must_use]
pub fn refuses(code: &str) -> bool {
    EARLY.contains(&code)
}

/// Whether a finding of this code says that the text cannot be read for what it says.
#[must_use]
pub fn is_unreadable(code: &str) -> bool {
    framing::CODES.contains(&code)
}

/// The codes of all findings.
pub fn codes() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|check| check.codes).chain([fixed::CODES]).flatten().copied()
}

/// A ruleset that passed: only such a one is printed as a result.
#[derive(Debug)]
pub struct Checked {
    ruleset: Ruleset,
    diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// The ruleset.
    #[must_use]
    pub const fn ruleset(&self) -> &Ruleset {
        &self.ruleset
    }

    /// The warnings.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

/// Why a ruleset did not pass.
#[derive(Debug)]
pub struct Rejected {
    /// What was found, errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks what scripts made of a ruleset.
///
/// # Errors
/// [`Rejected`] when there is an error.
pub fn check(ruleset: Ruleset, levels: &Levels) -> Result<Checked, Rejected> {
    let diagnostics = findings(&ruleset, levels, Severity::Warning);
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(Rejected { diagnostics });
    }
    Ok(Checked { ruleset, diagnostics })
}

/// Checks a ruleset that no script touched; its faults are errors.
#[must_use]
pub fn lint(ruleset: &Ruleset, levels: &Levels) -> Vec<Diagnostic> {
    findings(ruleset, levels, Severity::Error)
}

/// What the checks find; a fault that the input had already is of the severity `input`.
fn findings(ruleset: &Ruleset, levels: &Levels, input: Severity) -> Vec<Diagnostic> {
    let survey = Survey::of(ruleset);
    let mut report = Report::new(ruleset, input);
    for check in CHECKS {
        (check.run)(&survey, &mut report);
    }
    levels.apply(report.into_findings())
}

/// The edit that added a rule; none for a rule that was read, even if a chain's new name made it be rewritten.
fn added_by(ruleset: &Ruleset, rule: RuleId) -> Option<EditId> {
    ruleset.added_by(rule).filter(|_| !ruleset.is_rewritten(rule))
}
