//! What is said of a run that has ended.

use super::status::{Status, Stop};
use super::steps::Steps;
use super::waiting::Ended;
use crate::apply::{Run, State, Which};
use crate::diagnostic::Diagnostic;

/// Says how it ended.
pub(super) fn tell(run: &Run, ended: Ended, steps: &mut Steps) -> Result<Status, Stop> {
    let id = run.id();
    match ended.state {
        State::Confirmed => {
            steps.say(&format!("confirmed: the new rules stay; `dwscript revert {id}` undoes them"));
            Ok(Status::Done)
        }
        State::RolledBack => {
            let error =
                Diagnostic::error("not-confirmed", format!("run {id} was not confirmed and is rolled back"))
                    .note("the host has its old rules again, with what others changed meanwhile");
            Err(Stop::no(vec![error]))
        }
        _ => Err(Stop::failed(failed(run, ended))),
    }
}

fn failed(run: &Run, ended: Ended) -> Vec<Diagnostic> {
    let is_back = run.state().is_final();
    let mut errors = ended.errors;
    if errors.is_empty() {
        let message = format!("run {} failed, and why could not be written to the state directory", run.id());
        errors.push(Diagnostic::error("not-applied", message));
    }
    errors.into_iter().map(|error| if is_back { back(error) } else { not_back(error, run) }).collect()
}

fn back(error: Diagnostic) -> Diagnostic {
    error.note("what was changed is rolled back: the host has its old rules")
}

fn not_back(error: Diagnostic, run: &Run) -> Diagnostic {
    let id = run.id();
    run.record().families.iter().fold(
        error
            .note("the host may have some of the new rules")
            .help(format!("`dwscript revert {id}` tries to get back")),
        |error, family| {
            let backup = run.ruleset_path(family.family(), Which::Base);
            error.help(format!(
                "or load the backup, which undoes what Docker did since: `{} <{}`",
                family.tools.restore.display(),
                backup.display()
            ))
        },
    )
}
