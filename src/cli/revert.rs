//! `dwscript revert`: a run is undone, by the inverse of its change in what is live now.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::apply::settle;
use super::args::RevertArgs;
use super::output;
use super::status::{Status, Stop, needs_root};
use super::steps::Steps;
use crate::apply::{Change, Lock, Run, SetChanges, State, StateDir, Way, changes, make_until_it_holds};
use crate::diagnostic::{Diagnostic, Style};

const TICK: Duration = Duration::from_millis(20);

pub(super) fn run(args: &RevertArgs) -> Status {
    let mut steps = Steps::new(Style::Plain, args.json);
    match revert(args, &mut steps) {
        Ok(reverted) if args.json => output::print(&format!(
            "{:#}\n",
            json!({"version": 1, "reverted": reverted, "steps": steps.all()})
        )),
        Ok(reverted) => {
            let ids: Vec<String> = reverted.iter().map(u64::to_string).collect();
            output::print(&format!("reverted: run {}\n", ids.join(", ")))
        }
        Err(stop) => {
            output::say(&stop.diagnostics, Style::Plain);
            stop.status
        }
    }
}

fn revert(args: &RevertArgs, steps: &mut Steps) -> Result<Vec<u64>, Stop> {
    needs_root("`dwscript revert`")?;
    let state = StateDir::open(&args.state.state_dir)?;
    let waits = state.unfinished().filter(|run| args.id.is_none_or(|id| run.id() == id));
    if let Some(run) = waits.filter(Run::is_guarded) {
        return Ok(vec![reject(&run)?]);
    }
    let lock = state.lock()?;
    settle(&state, steps)?;
    let mut runs = chosen(&state, args)?;
    runs.reverse();
    for run in &runs {
        undo(run, &lock, steps)?;
    }
    Ok(runs.iter().map(Run::id).collect())
}

/// Has the guard of a run go the way back now.
fn reject(run: &Run) -> Result<u64, Stop> {
    let id = run.id();
    if let Err(error) = run.go(State::Pending, State::Rejected) {
        return Err(
            Diagnostic::error("unwritable-state", format!("run {id} cannot be rejected: {error}")).into()
        );
    }
    while run.is_guarded() {
        let _ = run.go(State::Pending, State::Rejected);
        thread::sleep(TICK);
    }
    match run.state() {
        State::RolledBack | State::Failed => Ok(id),
        state => {
            let message = format!("run {id} was {} before it could be rolled back", state.as_str());
            Err(Diagnostic::error("not-pending", message).help("run this again").into())
        }
    }
}

/// The runs to be undone, the oldest first.
fn chosen(state: &StateDir, args: &RevertArgs) -> Result<Vec<Run>, Diagnostic> {
    let mut confirmed = state.runs();
    confirmed.retain(|run| run.state() == State::Confirmed);
    if args.all {
        return Ok(confirmed);
    }
    let run = match args.id {
        Some(id) => confirmed.into_iter().find(|run| run.id() == id),
        None => confirmed.pop(),
    };
    run.map(|run| vec![run]).ok_or_else(|| {
        let message = match args.id.map(|id| (id, state.run(id))) {
            Some((id, Ok(run))) => {
                format!("run {id} is {}: nothing of it is to be undone", run.state().as_str())
            }
            Some((id, Err(_))) => format!("there is no run {id}"),
            None => "no confirmed run is to be undone".to_owned(),
        };
        Diagnostic::error("no-run", message).help("`dwscript history` lists the runs")
    })
}

fn undo(run: &Run, lock: &Lock, steps: &mut Steps) -> Result<(), Diagnostic> {
    let id = run.id();
    let (changes, sets) = (changes(run)?, SetChanges::of(run)?);
    sets.prepare(Way::Back, lock)?;
    undo_rules(id, &changes, lock).map_err(|error| match sets.prepare(Way::Forward, lock) {
        Ok(()) => error,
        Err(also) => error.note(also.message),
    })?;
    // A set that others name meanwhile stays, and is known as ours.
    if let Err(stays) = sets.finish(Way::Back) {
        steps.say(&stays.message);
    }
    let gone = run.go(State::Confirmed, State::Reverted);
    gone.map_err(|error| {
        Diagnostic::error(
            "unwritable-state",
            format!("run {id} is undone, but that cannot be written: {error}"),
        )
    })?;
    steps.done(&format!("reverted run {id}"));
    Ok(())
}

/// Undoes the change of each family.
fn undo_rules(id: u64, changes: &[Change], lock: &Lock) -> Result<(), Diagnostic> {
    for (index, change) in changes.iter().enumerate().rev() {
        if let Err(error) = make_until_it_holds(change, Way::Back, lock) {
            // Both families or none: what is undone already is made again.
            let again = changes.iter().skip(index + 1);
            let state = match again
                .map(|change| make_until_it_holds(change, Way::Forward, lock))
                .find_map(Result::err)
            {
                None => format!("nothing of run {id} is undone"),
                Some(_) => format!("run {id} is undone in one family alone"),
            };
            return Err(error.note(state));
        }
    }
    Ok(())
}
