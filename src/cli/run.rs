//! The main job: read, run the scripts, check, print.

use std::path::Path;
use std::sync::Arc;

use super::args::RunArgs;
use super::color::Colors;
use super::input::{self, Input, Read};
use super::live;
use super::options::{Job, Purpose, RunOptions};
use super::output::{self, Destination};
use super::status::{Status, Stop};
use crate::check::{self, Checked};
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::model::Family;
use crate::report::{Format, delta, diff, json, restore};
use crate::samples::SAMPLES;
use crate::save::patches;
use crate::script::{self, Script};
use crate::source::SourceFile;

/// Words that are no scripts.
const SUBCOMMANDS: [&str; 4] = ["lint", "api", "completions", "man"];

pub(super) fn run(args: &RunArgs) -> Status {
    if args.input.sample.as_deref() == Some("list") {
        return list_samples();
    }
    let options = match RunOptions::new(args) {
        Ok(options) => options,
        Err(diagnostic) => {
            output::say(&[diagnostic], Colors::new(args.color.color).stderr);
            return Status::Failed;
        }
    };
    match results(&options) {
        Ok(results) => {
            let status = print(&options, &results);
            // The process ends here: the kernel takes memory back faster than each chain and rule can be let go.
            std::mem::forget(results);
            status
        }
        Err((family, stop)) => {
            fail(&options, family, &stop);
            stop.status
        }
    }
}

/// What a run made of one family's ruleset.
struct RunResult<'o> {
    job: &'o Job,
    checked: Checked,
    /// Whether the text was one that printing gives back as it is.
    verbatim: bool,
    diagnostics: Vec<Diagnostic>,
}

/// The results of all families; nothing is printed before all are there.
fn results(options: &RunOptions) -> Result<Vec<RunResult<'_>>, (Family, Stop)> {
    let first = options.jobs.first().map(|job| job.family).unwrap_or_default();
    let scripts: Result<Vec<Script>, Stop> = options.scripts.iter().map(|path| load(path)).collect();
    let scripts = scripts.map_err(|stop| (first, stop))?;
    let jobs = options.jobs.iter();
    jobs.map(|job| result(options, &scripts, job).map_err(|stop| (job.family, stop))).collect()
}

fn result<'o>(options: &RunOptions, scripts: &[Script], job: &'o Job) -> Result<RunResult<'o>, Stop> {
    let Read { ruleset, verbatim, mut diagnostics } = job.input.read(job.family)?;
    let mut settings = options.settings.clone();
    if matches!(job.input, Input::Live(_)) {
        settings.interfaces = live::interfaces();
    }
    let outcome = match script::run(scripts, ruleset, &settings) {
        Ok(outcome) => outcome,
        Err(failure) => {
            diagnostics.extend(failure.diagnostics);
            return Err(stopped(diagnostics));
        }
    };
    diagnostics.extend(outcome.diagnostics);
    match check::check(outcome.ruleset, &options.levels) {
        Ok(checked) => {
            diagnostics.extend_from_slice(checked.diagnostics());
            Ok(RunResult { job, checked, verbatim, diagnostics })
        }
        Err(rejected) => {
            diagnostics.extend(rejected.diagnostics);
            let unreadable = diagnostics.iter().any(|diagnostic| check::is_unreadable(diagnostic.code));
            Err(if unreadable { Stop::failed(diagnostics) } else { Stop::no(diagnostics) })
        }
    }
}

/// A script that stopped: with the answer no where it asked for what the check refuses.
fn stopped(diagnostics: Vec<Diagnostic>) -> Stop {
    let mut errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let refused = errors.next_back().is_some_and(|error| check::refuses(error.code));
    if refused { Stop::no(diagnostics) } else { Stop::failed(diagnostics) }
}

fn load(path: &Path) -> Result<Script, Stop> {
    let name = path.display().to_string();
    let bytes = input::file(path).map_err(|diagnostic| match did_you_mean(&name, SUBCOMMANDS) {
        Some(near) if !path.exists() => diagnostic.help(format!("did you mean the subcommand `{near}`?")),
        _ => diagnostic.help("the arguments are scripts; `dwscript --help` says more"),
    })?;
    if std::str::from_utf8(&bytes).is_err() {
        return Err(Diagnostic::error("unreadable-input", format!("`{name}` is not UTF-8 text")).into());
    }
    let source = SourceFile::from_bytes(name, bytes);
    let source = source.map_err(|error| Diagnostic::error("unreadable-input", error.to_string()))?;
    Ok(Script { source: Arc::new(source), path: path.to_owned() })
}

/// Prints the results and what is to be said of them.
fn print(options: &RunOptions, results: &[RunResult<'_>]) -> Status {
    let mut status = Status::Done;
    for result in results {
        if let Err(diagnostic) = print_one(options, result) {
            output::say(&[diagnostic], options.colors.stderr);
            return Status::Failed;
        }
        if options.purpose != Purpose::Print(Format::Json) {
            output::say(&result.diagnostics, options.colors.stderr);
        }
        let differs = || !result.verbatim || !patches(result.checked.ruleset()).is_empty();
        if options.purpose == Purpose::Check && differs() {
            status = Status::No;
        }
    }
    status
}

fn print_one(options: &RunOptions, result: &RunResult<'_>) -> Result<(), Diagnostic> {
    let RunResult { job, checked, diagnostics, .. } = result;
    let style = match job.destination {
        Destination::Stdout => options.colors.stdout,
        Destination::File(_) => crate::diagnostic::Style::Plain,
    };
    job.destination.write(|mut out| match options.purpose {
        Purpose::Print(Format::Restore) => restore::write(checked, &mut out),
        Purpose::Print(Format::Diff) | Purpose::Check => diff::write(checked, style, &mut out),
        Purpose::Print(Format::Delta) => delta::write(checked, &mut out),
        Purpose::Print(Format::Inverse) => delta::write_inverse(checked, &mut out),
        Purpose::Print(Format::Json) => json::write(checked, diagnostics, &mut out),
    })
}

/// Says why there is no result; as JSON where JSON was asked for.
fn fail(options: &RunOptions, family: Family, stop: &Stop) {
    if options.purpose != Purpose::Print(Format::Json) {
        output::say(&stop.diagnostics, options.colors.stderr);
        return;
    }
    let written =
        Destination::Stdout.write(|mut out| json::write_failure(family, &stop.diagnostics, &mut out));
    if let Err(diagnostic) = written {
        output::say(&[diagnostic], options.colors.stderr);
    }
}

fn list_samples() -> Status {
    let lines = SAMPLES.iter().map(|sample| {
        let families = if sample.text(Family::Ipv6).is_some() { "ipv4 ipv6" } else { "ipv4" };
        format!("{:<44}{families:<11}{}\n", sample.name, sample.about)
    });
    output::print(&lines.collect::<String>())
}
