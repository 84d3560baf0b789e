//! The fixed point: scripts that run once more on their own result must change nothing.

use super::levels::Levels;
use super::report::Finding;
use crate::diagnostic::Diagnostic;
use crate::model::Ruleset;
use crate::save::patches;

const CODE: &str = "not-idempotent";

pub(super) const CODES: &[&str] = &[CODE];

const HELP: &str = "have each run find what the last one left: look for a rule by what is always there, or ask `has_rule` first";

/// What is to be said of a second run, which came to a ruleset or to diagnostics whose last one is its error.
#[must_use]
pub fn fixed_point(again: Result<&Ruleset, &[Diagnostic]>, levels: &Levels) -> Vec<Diagnostic> {
    let finding = match again {
        Ok(ruleset) => changed(ruleset),
        Err(diagnostics) => diagnostics.last().map(failed),
    };
    let findings = finding.map(|diagnostic| Finding { diagnostic, introduced: true, inherited: false });
    levels.apply(findings.into_iter().collect())
}

fn changed(ruleset: &Ruleset) -> Option<Diagnostic> {
    let patches = patches(ruleset);
    let patch = patches.first()?;
    let added = patch.added.first();
    let (sign, text) = match (patch.removed, added) {
        (_, Some(added)) => ('+', added.text.as_str()),
        (Some((line, _)), None) => ('-', ruleset.source().slice(line)),
        (None, None) => return None,
    };
    let edit = added.and_then(|added| added.edit).or(patch.removed.map(|(_, edit)| edit));
    let diagnostic = Diagnostic::warning(CODE, "a second run would change the result again")
        .note(format!("its first change would be `{sign}{text}`"))
        .help(HELP);
    Some(match edit.and_then(|edit| ruleset.edit(edit)) {
        Some(edit) => {
            let origin = &edit.origin;
            diagnostic.at(&origin.script, origin.script.expression_span(origin.line, origin.column), "")
        }
        None => diagnostic,
    })
}

fn failed(error: &Diagnostic) -> Diagnostic {
    let warning = Diagnostic::warning(CODE, format!("a second run would fail: {}", error.message)).help(HELP);
    Diagnostic { labels: error.labels.clone(), notes: error.notes.clone(), ..warning }
}
