//! What the units run: the scripts, and the last good result where they fail.
//!
//! The scripts run in a process of their own, so that whatever ends it leaves one that can fall back.

use std::io::{self, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::good::{Extent, Good};
use super::last::{Last, Outcome};
use super::words;
use crate::apply::{Lock, StateDir};
use crate::cli::apply::settle;
use crate::cli::args::PersistArgs;
use crate::cli::history::spelled;
use crate::cli::input::Input;
use crate::cli::options::{RunOptions, Work};
use crate::cli::output;
use crate::cli::run;
use crate::cli::status::{Status, Stop, needs_root};
use crate::cli::steps::Steps;
use crate::diagnostic::{Diagnostic, Style};

/// How an error begins that a process prints.
const ERROR: &str = "error[";
/// Errors of a process that got out of another one's way.
const IN_THE_WAY: [&str; 2] = ["locked", "pending"];

/// `persist --run`.
pub(super) fn run_scripts(args: &PersistArgs) -> Status {
    let state_dir = &args.state.state_dir;
    let (last, status) = match attempt(args) {
        Ok(()) => {
            if let Err(stop) = keep(args) {
                output::say(&[not_kept(&stop)], Style::Plain);
            }
            (Last::new(Outcome::Applied, Vec::new(), None), Status::Done)
        }
        Err(errors) => fall_back(args, errors),
    };
    if let Err(error) = last.write(state_dir) {
        output::say(&[error], Style::Plain);
    }
    status
}

/// Applies the scripts as `dwscript SCRIPT… --apply --no-confirm` does; the errors if that fails.
fn attempt(args: &PersistArgs) -> Result<(), Vec<String>> {
    let failed = |why: String| vec![why];
    let program = words::program().map_err(|error| failed(error.message))?;
    let mut command = Command::new(program);
    command.args(words::apply(args)).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(format!("it cannot be run: {error}")))?;
    let errors = child.stderr.take().map(|pipe| tell(&mut BufReader::new(pipe))).unwrap_or_default();
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) if errors.is_empty() => Err(failed(format!("the process ended with {status}"))),
        Ok(_) => Err(errors),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Passes on what a process prints on standard error; the errors among it, each with its place behind it.
fn tell(pipe: &mut impl io::BufRead) -> Vec<String> {
    let (mut errors, mut line) = (Vec::<String>::new(), Vec::new());
    while pipe.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        // A journal that is gone is no reason to end.
        let _ = io::stderr().lock().write_all(&line);
        let text = String::from_utf8_lossy(&line);
        if let Some(error) = text.strip_prefix(ERROR) {
            errors.push(error.trim_end().replacen("]:", ":", 1));
        } else if let Some((place, last)) = text.trim().strip_prefix("--> ").zip(errors.last_mut())
            && !last.ends_with(')')
        {
            *last = format!("{last} ({place})");
        }
        line.clear();
    }
    errors
}

/// Keeps what the scripts make of the host, now that it is there.
fn keep(args: &PersistArgs) -> Result<(), Stop> {
    let mut options = RunOptions::trial(args, &args.scripts, &args.script)?;
    quiet(&mut options);
    let host = super::host(args, &options)?;
    if let Some(host) = &host {
        crate::cli::apply::give(&mut options, host);
    }
    let results = run::results(&options).map_err(|(_, stop)| stop)?;
    Ok(Good::of(&results)?.write(&args.state.state_dir)?)
}

/// Has the scripts print nothing: they have printed it before.
pub(super) fn quiet(options: &mut RunOptions) {
    debug_assert!(options.jobs.iter().all(|job| !matches!(job.input, Input::Stdin)));
    if let Work::Scripts(_, settings) = &mut options.work {
        settings.print = None;
    }
}

fn not_kept(stop: &Stop) -> Diagnostic {
    let why = stop.diagnostics.last().map(|error| error.message.clone()).unwrap_or_default();
    Diagnostic::warning(
        "not-kept",
        format!("the result is not kept for a boot at which the scripts fail: {why}"),
    )
    .note("the rules are on, and the last good result is an older one, if there is one")
}

/// Puts the last good result in the place of scripts that failed with `errors`.
fn fall_back(args: &PersistArgs, errors: Vec<String>) -> (Last, Status) {
    let is_in_the_way = |error: &String| IN_THE_WAY.iter().any(|code| error.starts_with(code));
    if errors.iter().any(is_in_the_way) {
        return (Last::new(Outcome::Failed, errors, None), Status::Failed);
    }
    let done = Good::read(&args.state.state_dir).map_err(|error| vec![error]).and_then(|good| {
        let good = good.ok_or_else(|| vec![no_good()])?;
        let lines = load(args, &good, Extent::All)?;
        Ok((good.time(), lines))
    });
    match done {
        Ok((time, lines)) => {
            output::say(&[fell_back(&errors, time, lines)], Style::Plain);
            (Last::new(Outcome::FellBack, errors, Some(time)), Status::No)
        }
        Err(faults) => {
            output::say(&faults, Style::Plain);
            let faults = faults.iter().map(|fault| format!("{}: {}", fault.code, fault.message));
            (Last::new(Outcome::Failed, errors.into_iter().chain(faults).collect(), None), Status::Failed)
        }
    }
}

fn fell_back(errors: &[String], time: u64, lines: usize) -> Diagnostic {
    let time = spelled(time);
    let message = format!("the scripts fail, and their last good result, of {time}, stands in for them");
    let warning = errors
        .iter()
        .fold(Diagnostic::warning("fallback", message), |warning, error| warning.note(error.as_str()));
    let done = if lines == 0 {
        "all of it was there already".to_owned()
    } else {
        format!("{lines} lines were changed; what Docker and others did since is kept")
    };
    warning
        .note(done)
        .help("mend the scripts and run `dwscript persist SCRIPT…` again; `dwscript persist --status` says how it stands")
}

fn no_good() -> Diagnostic {
    Diagnostic::error("no-last-good", "the scripts fail, and there is no good result of theirs from before")
        .note("nothing was changed")
        .help("mend the scripts and run `dwscript persist SCRIPT…` again")
}

/// Makes a last good result in what is live.
fn load(args: &PersistArgs, good: &Good, extent: Extent) -> Result<usize, Vec<Diagnostic>> {
    let begun = |args: &PersistArgs| -> Result<(StateDir, Lock), Diagnostic> {
        let state = StateDir::open(&args.state.state_dir)?;
        let lock = state.lock()?;
        settle(&state, &mut Steps::new(Style::Plain, false))?;
        Ok((state, lock))
    };
    let (_, lock) = begun(args).map_err(|error| vec![error])?;
    good.apply(extent, args.input.iptables_dir.as_deref(), &lock)
}

/// `persist --run-early`.
pub(super) fn run_early(args: &PersistArgs) -> Status {
    match early(args, &args.state.state_dir) {
        Ok(lines) => output::print(&format!("loaded {lines} lines before the network is up\n")),
        Err(errors) => {
            output::say(&errors, Style::Plain);
            Status::Failed
        }
    }
}

fn early(args: &PersistArgs, state_dir: &Path) -> Result<usize, Vec<Diagnostic>> {
    let good = needs_root("`dwscript persist --run-early`").and_then(|()| Good::read(state_dir));
    match good.map_err(|error| vec![error])? {
        Some(good) => load(args, &good, Extent::Early),
        None => Err(vec![no_good()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_from_what_else_is_printed() {
        let printed = "read the live rules\nwarning[x]: a\nerror[missing-chain]: there is no `X`\n  --> a.rhai:3:1\n   |\nerror[b]: c\n";
        let errors = tell(&mut printed.as_bytes());
        assert_eq!(errors, ["missing-chain: there is no `X` (a.rhai:3:1)", "b: c"]);
    }
}
