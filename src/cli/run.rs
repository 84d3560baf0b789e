//! The main job: read, run the scripts, check, print.

use std::path::Path;
use std::sync::Arc;

use super::args::{ColorArgs, RemoveArgs, RunArgs, SUBCOMMANDS};
use super::checked;
use super::color::Colors;
use super::input::{self, Read};
use super::lockout;
use super::options::{Job, Purpose, RunOptions, Work};
use super::output::{self, Destination};
pub(super) use super::result::RunResult;
use super::sets;
use super::status::{Status, Stop};
use super::world;
use crate::apply::SetPlan;
use crate::check::{self, Known, Levels};
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::model::{Family, Hook, Policy, Ruleset};
use crate::packets::{Expectation, Members};
use crate::report::{Format, delta, diff, json, restore};
use crate::samples::SAMPLES;
use crate::save::{self, patches};
use crate::script::{self, IpSet, Outcome, Script, Settings};
use crate::source::SourceFile;

pub(super) fn run(args: &RunArgs) -> Status {
    if args.input.sample.as_deref() == Some("list") {
        return list_samples();
    }
    with(RunOptions::new(args), &args.color)
}

/// `dwscript remove`: an owner's rules are taken off.
pub(super) fn remove(args: &RemoveArgs) -> Status {
    with(RunOptions::remove(args), &args.color)
}

fn with(options: Result<RunOptions, Diagnostic>, color: &ColorArgs) -> Status {
    let options = match options {
        Ok(options) => options,
        Err(diagnostic) => {
            output::say(&[diagnostic], Colors::new(color.color).stderr);
            return Status::Failed;
        }
    };
    let looked = results(&options).and_then(|mut results| match lockout::warn(&options, &mut results) {
        Ok(()) => Ok(results),
        Err(stop) => Err((options.jobs.first().map(|job| job.family).unwrap_or_default(), stop)),
    });
    match looked {
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

/// The results of all families; nothing is printed before all are there.
pub(super) fn results(options: &RunOptions) -> Result<Vec<RunResult<'_>>, (Family, Stop)> {
    let first = options.jobs.first().map(|job| job.family).unwrap_or_default();
    let task = Task::of(options).map_err(|stop| (first, stop))?;
    let jobs = options.jobs.iter();
    let results = jobs.map(|job| result(options, &task, job).map_err(|stop| (job.family, stop)));
    beside(results.collect::<Result<_, _>>()?)
}

/// The same with what is to be said of one family beside the other.
fn beside(mut results: Vec<RunResult<'_>>) -> Result<Vec<RunResult<'_>>, (Family, Stop)> {
    if let [one, other] = results.as_mut_slice() {
        one.compare(other)?;
        other.compare(one)?;
    }
    Ok(results)
}

impl RunResult<'_> {
    /// Adds what is to be said of it beside the other family's.
    fn compare(&mut self, other: &Self) -> Result<(), (Family, Stop)> {
        let found = check::beside(&self.checked, &other.checked, &self.levels);
        let denied = found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        self.diagnostics.extend(found);
        if denied { Err((self.job.family, Stop::no(std::mem::take(&mut self.diagnostics)))) } else { Ok(()) }
    }
}

/// What is done to each family's ruleset.
enum Task<'o> {
    Scripts(Vec<Script>, Box<Settings>),
    Remove(&'o str, &'o [(Hook, Policy)]),
}

impl<'o> Task<'o> {
    fn of(options: &'o RunOptions) -> Result<Self, Stop> {
        Ok(match &options.work {
            Work::Scripts(paths, settings) => {
                let scripts: Result<_, Stop> = paths.iter().map(|path| load(path)).collect();
                let mut settings = settings.clone();
                // All rulesets of a run are of one host.
                if let Some(job) = options.jobs.first() {
                    world::give(&mut settings, &job.input, options.asks_docker);
                    settings.site = Arc::clone(&options.site);
                }
                Self::Scripts(scripts?, settings)
            }
            Work::Remove(owner, policies) => Self::Remove(owner, policies),
        })
    }

    fn run(&self, ruleset: Ruleset) -> Result<Outcome, Vec<Diagnostic>> {
        match self {
            Self::Scripts(scripts, settings) => {
                script::run(scripts, ruleset, settings).map_err(|failure| failure.diagnostics)
            }
            Self::Remove(owner, policies) => script::remove(ruleset, owner, policies).map_err(|error| {
                vec![Diagnostic::error("incomplete-dump", error.to_string()).help("take a complete dump")]
            }),
        }
    }

    /// What is known of the host of the rulesets.
    fn known(&self) -> Known {
        match self {
            Self::Scripts(_, settings) => world::known_to(settings),
            Self::Remove(..) => Known::default(),
        }
    }

    /// What is to be said of a second run on what the first one came to; nothing where that changed nothing.
    fn run_again(&self, result: &Ruleset, levels: &Levels) -> Vec<Diagnostic> {
        let Self::Scripts(scripts, settings) = self else { return Vec::new() };
        if patches(result).is_empty() {
            return Vec::new();
        }
        let mut text = Vec::new();
        let written = save::write(result, &mut text).ok();
        let source = written.and_then(|()| SourceFile::from_bytes(result.source().name(), text).ok());
        let Some(source) = source else { return Vec::new() };
        let Ok(ruleset) = save::parse(&Arc::new(source), result.family()) else { return Vec::new() };
        let quiet = Settings { print: None, ..(**settings).clone() };
        let again = script::run(scripts, ruleset, &quiet);
        let again = again.as_ref().map(|outcome| &outcome.ruleset);
        check::fixed_point(again.map_err(|failure| failure.diagnostics.as_slice()), levels)
    }
}

fn result<'o>(options: &RunOptions, task: &Task<'_>, job: &'o Job) -> Result<RunResult<'o>, Stop> {
    let Read { ruleset, verbatim, mut diagnostics } = job.input.read(job.family)?;
    let outcome = match task.run(ruleset) {
        Ok(outcome) => outcome,
        Err(failed) => {
            diagnostics.extend(failed);
            return Err(stopped(diagnostics));
        }
    };
    let Outcome { ruleset, diagnostics: warnings, allowed, sets, owners, expectations, admins } = outcome;
    let levels = match checked::levels(&options.levels, &allowed) {
        Ok(levels) => levels,
        Err(unknown) => {
            diagnostics.extend(warnings);
            diagnostics.push(unknown);
            return Err(Stop::failed(diagnostics));
        }
    };
    diagnostics.extend(levels.grade(warnings));
    if options.sets.is_none() && options.purpose.is_text() {
        diagnostics.extend(sets::not_printed(&sets));
    }
    let (checked, mut diagnostics) = checked::check(ruleset, &task.known(), &levels, diagnostics)?;
    diagnostics.extend(unmet(checked.ruleset(), options, &sets, &expectations));
    let again = task.run_again(checked.ruleset(), &levels);
    let denied = diagnostics.iter().chain(&again).any(|diagnostic| diagnostic.severity == Severity::Error);
    diagnostics.extend(again);
    if denied {
        return Err(Stop::no(diagnostics));
    }
    Ok(RunResult { job, checked, verbatim, sets, owners, diagnostics, allowed, admins, levels })
}

/// What scripts expect of packets, and the result does not meet.
fn unmet(
    ruleset: &Ruleset,
    options: &RunOptions,
    sets: &[IpSet],
    expectations: &[Expectation],
) -> Vec<Diagnostic> {
    if expectations.is_empty() {
        return Vec::new();
    }
    let sets: Vec<Members> = sets.iter().map(IpSet::members).collect();
    check::expected(ruleset, &options.site, &sets, expectations)
}

/// A script that stopped: with the answer no where it asked for what the check refuses.
fn stopped(diagnostics: Vec<Diagnostic>) -> Stop {
    let mut errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let refused = errors.next_back().is_some_and(|error| check::refuses(error.code));
    if refused { Stop::no(diagnostics) } else { Stop::failed(diagnostics) }
}

pub(super) fn load(path: &Path) -> Result<Script, Stop> {
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
    match print_sets(options, results) {
        Ok(changed) if changed && options.purpose == Purpose::Check => status = Status::No,
        Ok(_) => {}
        Err(diagnostic) => {
            output::say(&[diagnostic], options.colors.stderr);
            return Status::Failed;
        }
    }
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

/// Prints what of sets is printed beside the rulesets; whether the host's sets are to change.
fn print_sets(options: &RunOptions, results: &[RunResult<'_>]) -> Result<bool, Diagnostic> {
    if let Some(file) = &options.sets {
        sets::write_files(file, results)?;
    }
    if !matches!(options.purpose, Purpose::Print(Format::Diff) | Purpose::Check) {
        return Ok(false);
    }
    let plan: SetPlan<'_> = sets::plan_if_live(options, results)?;
    if !plan.is_empty() {
        let destination = options.jobs.first().map_or(&Destination::Stdout, |job| &job.destination);
        destination.write(|out| sets::write_diff(&plan, options.colors.stdout, out))?;
    }
    output::say(&plan.warnings, options.colors.stderr);
    Ok(!plan.is_empty())
}

fn print_one(options: &RunOptions, result: &RunResult<'_>) -> Result<(), Diagnostic> {
    let RunResult { job, checked, diagnostics, allowed, .. } = result;
    let style = match job.destination {
        Destination::Stdout => options.colors.stdout,
        Destination::File(_) => crate::diagnostic::Style::Plain,
    };
    job.destination.write(|mut out| match options.purpose {
        Purpose::Print(Format::Restore) => restore::write(checked, &mut out),
        Purpose::Print(Format::Diff) | Purpose::Check => diff::write(checked, style, &mut out),
        Purpose::Print(Format::Delta) => delta::write(checked, &mut out),
        Purpose::Print(Format::Inverse) => delta::write_inverse(checked, &mut out),
        Purpose::Print(Format::Json) => json::write(checked, &result.sets, diagnostics, allowed, &mut out),
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

/// Prints the names of the built-in captures.
pub(super) fn list_samples() -> Status {
    let lines = SAMPLES.iter().map(|sample| {
        let families = if sample.text(Family::Ipv6).is_some() { "ipv4 ipv6" } else { "ipv4" };
        format!("{:<44}{families:<11}{}\n", sample.name, sample.about)
    });
    output::print(&lines.collect::<String>())
}
