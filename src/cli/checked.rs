//! The check before anything is printed, and how a run ends that does not pass it.

use super::status::Stop;
use crate::check::{self, Checked, Known, Levels};
use crate::diagnostic::Diagnostic;
use crate::model::Ruleset;
use crate::script::Allowed;

/// Checks a ruleset; what was found is behind what was said before.
pub(super) fn check(
    ruleset: Ruleset,
    known: &Known,
    levels: &Levels,
    mut said: Vec<Diagnostic>,
) -> Result<(Checked, Vec<Diagnostic>), Stop> {
    match check::check_on(ruleset, known, levels) {
        Ok(checked) => {
            said.extend_from_slice(checked.diagnostics());
            Ok((checked, said))
        }
        Err(rejected) => {
            said.extend(rejected.diagnostics);
            let unreadable = said.iter().any(|diagnostic| check::is_unreadable(diagnostic.code));
            Err(if unreadable { Stop::failed(said) } else { Stop::no(said) })
        }
    }
}

/// The levels, with what scripts allow.
pub(super) fn levels(levels: &Levels, allowed: &[Allowed]) -> Result<Levels, Diagnostic> {
    let mut levels = levels.clone();
    for Allowed { code, origin, .. } in allowed {
        levels.allowed_by_script(code).map_err(|error| {
            let span = origin.script.expression_span(origin.line, origin.column);
            let unknown = Diagnostic::error("unknown-code", error.to_string()).at(&origin.script, span, "");
            match error.near {
                Some(near) => unknown.help(format!("did you mean `{near}`?")),
                None => unknown.help("`dwscript explain --list` has all codes"),
            }
        })?;
    }
    Ok(levels)
}
