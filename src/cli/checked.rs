//! The check before anything is printed, and how a run ends that does not pass it.

use super::status::Stop;
use crate::check::{self, Checked, Levels};
use crate::diagnostic::Diagnostic;
use crate::model::Ruleset;

/// Checks a ruleset; what was found is behind what was said before.
pub(super) fn check(
    ruleset: Ruleset,
    levels: &Levels,
    mut said: Vec<Diagnostic>,
) -> Result<(Checked, Vec<Diagnostic>), Stop> {
    match check::check(ruleset, levels) {
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
