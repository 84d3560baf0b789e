//! `dwscript confirm`: the new rules stay.

use super::args::ConfirmArgs;
use super::output;
use super::status::{Status, Stop, needs_root};
use crate::apply::{Connection, Event, Run, State, StateDir, connection, is_remote};
use crate::diagnostic::{Diagnostic, Style};

pub(super) fn run(args: &ConfirmArgs) -> Status {
    match confirm(args) {
        Ok(id) => output::print(&format!(
            "run {id} is confirmed: its rules stay; `dwscript revert {id}` undoes it\n"
        )),
        Err(stop) => {
            output::say(&stop.diagnostics, Style::Plain);
            stop.status
        }
    }
}

fn confirm(args: &ConfirmArgs) -> Result<u64, Stop> {
    needs_root("`dwscript confirm`")?;
    let state = StateDir::open(&args.state.state_dir)?;
    let run = find(&state, args.id)?;
    let id = run.id();
    if !args.confirm_here && run.state() == State::Pending {
        objection(&run, connection().as_ref(), is_remote())?;
    }
    if run.go(State::Pending, State::Confirmed).map_err(|error| unwritable(&run, &error))? {
        // Its guard takes the sets off that no script declares any more.
        run.wait_for_guard();
        return Ok(id);
    }
    Err(Stop::no(vec![too_late(&run)]))
}

/// Why a confirmation from here proves nothing for a run that came over SSH.
fn objection(run: &Run, here: Option<&Connection>, is_remote: bool) -> Result<(), Stop> {
    let Some(started_by) = &run.record().connection else { return Ok(()) };
    let id = run.id();
    let (code, message) = match here {
        Some(here) if here.id == *started_by => {
            ("old-connection", format!("run {id} was started by this very SSH connection"))
        }
        Some(here) if here.began <= committed(run) => {
            ("old-connection", format!("this SSH connection is older than the change of run {id}"))
        }
        None if is_remote => (
            "unknown-connection",
            "it cannot be told which SSH connection this terminal belongs to".to_owned(),
        ),
        _ => return Ok(()),
    };
    let error = Diagnostic::error(code, message)
        .note("an open connection proves nothing: new ones may be shut out")
        .help(format!("run `dwscript confirm {id}` from a new connection, or insist by --confirm-here"));
    let error = match here {
        Some(_) => error.help("`ssh -S none` makes one of its own where connections are shared"),
        None => error.note("tmux, screen and mosh outlive the connection that they were started by"),
    };
    Err(Stop::no(vec![error]))
}

/// When the last of a run's changes was made.
fn committed(run: &Run) -> u64 {
    let ticks = run.events().into_iter().filter_map(|event| match event {
        Event::Committed { ticks, .. } => Some(ticks),
        _ => None,
    });
    ticks.max().unwrap_or(0)
}

fn find(state: &StateDir, id: Option<u64>) -> Result<Run, Diagnostic> {
    let found = match id {
        Some(id) => state.run(id).ok(),
        None => state.unfinished(),
    };
    found.ok_or_else(|| {
        let message = match id {
            Some(id) => format!("there is no run {id}"),
            None => "no run waits for its confirmation".to_owned(),
        };
        Diagnostic::error("no-run", message).help("`dwscript history` lists the runs")
    })
}

fn unwritable(run: &Run, error: &std::io::Error) -> Diagnostic {
    let message = format!("the confirmation of run {} cannot be written: {error}", run.id());
    Diagnostic::error("unwritable-state", message).note("the run is rolled back when its time is up")
}

fn too_late(run: &Run) -> Diagnostic {
    let id = run.id();
    let message = match run.state() {
        State::Confirmed => format!("run {id} is confirmed already"),
        State::Applying => format!("the change of run {id} is still being made"),
        State::Rejected | State::RollingBack => format!("run {id} is being rolled back"),
        state => format!("run {id} does not wait any more: it is {}", state.as_str()),
    };
    Diagnostic::error("not-pending", message)
        .help("`dwscript history` lists the runs; apply it again if it is to hold")
}
