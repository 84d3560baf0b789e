//! The check: what scripts made of a ruleset is validated before it is printed.
//!
//! An error is what the scripts introduced. What was wrong with the input already is a warning, and the ruleset still
//! prints. [`lint`] treats both alike.

mod built_in;
mod chains;
mod components;
mod docker;
mod expected;
mod fixed;
mod framing;
mod graph;
mod hooks;
mod input;
mod interfaces;
mod late;
mod levels;
mod lints;
mod lockout;
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

pub use expected::expected;
pub use fixed::fixed_point;
pub use levels::{Levels, UnknownCode};
pub use lints::{Known, LINTS, Lint};
pub use lockout::Lockout;

use lints::For;
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

/// Codes of what scripts warn of while they run.
const OF_SCRIPTS: [&str; 3] = ["script-warning", "no-such-owner", "docker-unreachable"];

/// The codes of all findings.
pub fn codes() -> impl Iterator<Item = &'static str> {
    let checks = CHECKS.iter().map(|check| check.codes).chain([fixed::CODES]).flatten().copied();
    checks.chain(LINTS.iter().map(|lint| lint.code)).chain(OF_SCRIPTS)
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

/// Checks what scripts made of a ruleset. Of what lints find, that is left out which the input had already, unless `levels`
/// name its code.
///
/// # Errors
/// [`Rejected`] when there is an error.
pub fn check(ruleset: Ruleset, levels: &Levels) -> Result<Checked, Rejected> {
    check_on(ruleset, &Known::default(), levels)
}

/// The same on a host of which something is known.
///
/// # Errors
/// As [`check`].
pub fn check_on(ruleset: Ruleset, known: &Known, levels: &Levels) -> Result<Checked, Rejected> {
    let diagnostics = findings(&ruleset, known, levels, (Severity::Warning, For::Run));
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(Rejected { diagnostics });
    }
    Ok(Checked { ruleset, diagnostics })
}

/// What is to be said of a family's result beside that of the other family.
#[must_use]
pub fn beside(checked: &Checked, other: &Checked, levels: &Levels) -> Vec<Diagnostic> {
    let (ruleset, other) = (checked.ruleset(), other.ruleset());
    if is_untouched(ruleset, levels) && is_untouched(other, levels) {
        return Vec::new();
    }
    let mut report = Report::new(ruleset, Severity::Warning);
    lints::run_beside(ruleset, other, For::Run, &mut report);
    levels.apply(report.into_findings())
}

/// Checks a ruleset that no script touched; its faults are errors.
#[must_use]
pub fn lint(ruleset: &Ruleset, levels: &Levels) -> Vec<Diagnostic> {
    lint_on(ruleset, &Known::default(), levels)
}

/// The same on a host of which something is known.
#[must_use]
pub fn lint_on(ruleset: &Ruleset, known: &Known, levels: &Levels) -> Vec<Diagnostic> {
    findings(ruleset, known, levels, (Severity::Error, For::Lint))
}

/// What is to be said of such a ruleset beside that of the other family.
#[must_use]
pub fn lint_beside(ruleset: &Ruleset, other: &Ruleset, levels: &Levels) -> Vec<Diagnostic> {
    let mut report = Report::new(ruleset, Severity::Error);
    lints::run_beside(ruleset, other, For::Lint, &mut report);
    levels.apply(report.into_findings())
}

/// What the checks find; a fault that the input had already is of the severity `input`.
fn findings(
    ruleset: &Ruleset,
    known: &Known,
    levels: &Levels,
    (input, asks): (Severity, For),
) -> Vec<Diagnostic> {
    let survey = Survey::of(ruleset);
    let mut report = Report::new(ruleset, input);
    for check in CHECKS {
        (check.run)(&survey, &mut report);
    }
    let wanted = match asks {
        For::Lint => !report.has(|finding| is_unreadable(finding.code)),
        // Where there is no result, what it would harm is not the point.
        For::Run | For::Changes => {
            !is_untouched(ruleset, levels) && !report.has(|finding| finding.severity == Severity::Error)
        }
    };
    let asks = if asks == For::Run && !levels.asks_for_lints() { For::Changes } else { asks };
    if wanted {
        lints::run(ruleset, known, asks, &mut report);
    }
    levels.apply(report.into_findings())
}

/// Whether lints have nothing to say of a run: it changed nothing, and nobody asks for what the input had.
fn is_untouched(ruleset: &Ruleset, levels: &Levels) -> bool {
    ruleset.edits().is_empty() && !levels.asks_for_lints()
}

/// The edit that added a rule; none for a rule that was read, even if a chain's new name made it be rewritten.
fn added_by(ruleset: &Ruleset, rule: RuleId) -> Option<EditId> {
    ruleset.added_by(rule).filter(|_| !ruleset.is_rewritten(rule))
}
