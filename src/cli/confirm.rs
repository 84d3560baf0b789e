//! `dwscript confirm`: the new rules stay.

use super::args::ConfirmArgs;
use super::output;
use super::status::{Status, Stop, needs_root};
use crate::apply::{Run, State, StateDir, connection};
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
    let started_by = run.record().connection.clone();
    if !args.confirm_here && started_by.is_some() && started_by == connection() {
        let error =
            Diagnostic::error("old-connection", format!("run {id} was started by this very SSH connection"))
                .note("an open connection proves nothing: new ones may be shut out")
                .help(format!(
                    "run `dwscript confirm {id}` from a new connection, or insist by --confirm-here"
                ));
        return Err(Stop::no(vec![error]));
    }
    if run.go(State::Pending, State::Confirmed).map_err(|error| unwritable(&run, &error))? {
        // Its guard takes the sets off that no script declares any more.
        run.wait_for_guard();
        return Ok(id);
    }
    Err(Stop::no(vec![too_late(&run)]))
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
