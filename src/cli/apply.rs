//! `--apply`: from the live ruleset to a confirmed new one. The steps are those of the stage `apply`; here they are put in
//! their order and told.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::args::{ApplyArgs, RemoveArgs, RunArgs};
use super::color::Colors;
use super::compare;
use super::ended::tell;
use super::input::Input;
use super::lockout;
use super::modules;
use super::options::RunOptions;
use super::output::{self, Destination};
use super::run::{self, RunResult};
use super::sets;
use super::status::{Status, Stop, needs_root};
use super::steps::Steps;
use super::waiting::{Asks, Ended, Follower};
use crate::apply::{
    self, Dump, FamilyRecord, Host, HostFamily, Lock, Record, Rehearsed, Run, SetPlan, StateDir, VERSION,
    Which,
};
use crate::delta::{self, Delta, View};
use crate::diagnostic::Diagnostic;
use crate::model::{Family, Ruleset};
use crate::report::{compare as packets_report, diff};
use crate::save;

pub(super) fn run(args: &RunArgs) -> Status {
    carry_out(Request {
        args: &args.apply,
        files: &args.scripts,
        libraries: &args.script.libraries,
        names: args.scripts.iter().map(|script| script.display().to_string()).collect(),
        folder: args.input.iptables_dir.as_deref(),
        json: args.output.json,
        colors: Colors::new(args.color.color),
        options: RunOptions::apply(args),
    })
}

/// `dwscript remove --apply`.
pub(super) fn remove(args: &RemoveArgs) -> Status {
    carry_out(Request {
        args: &args.apply,
        files: &[],
        libraries: &[],
        names: vec![format!("remove --owner {}", args.owner)],
        folder: args.input.iptables_dir.as_deref(),
        json: args.output.json,
        colors: Colors::new(args.color.color),
        options: RunOptions::apply_removal(args),
    })
}

/// What is to be applied.
struct Request<'a> {
    args: &'a ApplyArgs,
    /// The scripts.
    files: &'a [PathBuf],
    /// Where else their modules are.
    libraries: &'a [PathBuf],
    /// What `history` calls it.
    names: Vec<String>,
    /// Where the iptables programs are.
    folder: Option<&'a Path>,
    json: bool,
    colors: Colors,
    options: Result<RunOptions, Diagnostic>,
}

fn carry_out(mut request: Request<'_>) -> Status {
    let mut steps = Steps::new(request.colors.stderr, request.json);
    let mut report = Report::default();
    // Whoever may not do this is told so before what else is wrong.
    let may = needs_root(if request.args.apply { "`--apply`" } else { "`--rehearse`" });
    let options = std::mem::replace(&mut request.options, Err(Diagnostic::error("usage", "")));
    let done = may.and(options).map_err(Stop::from).and_then(|options| {
        let work = if request.args.apply { apply } else { rehearse };
        work(&request, options, &mut steps, &mut report)
    });
    let (status, errors) = match done {
        Ok(status) => (status, Vec::new()),
        Err(stop) => (stop.status, stop.diagnostics),
    };
    if request.json {
        return print_json(&report, &steps, &errors, status);
    }
    output::say(&errors, request.colors.stderr);
    status
}

/// What `--json` prints beside the steps.
#[derive(Default)]
struct Report {
    backend: Option<apply::Backend>,
    run: Option<u64>,
    state: Option<&'static str>,
    families: Vec<serde_json::Value>,
    sets: Vec<serde_json::Value>,
    warnings: Vec<String>,
}

fn print_json(report: &Report, steps: &Steps, errors: &[Diagnostic], status: Status) -> Status {
    let errors: Vec<_> = errors
        .iter()
        .map(|error| json!({"code": error.code, "message": error.message, "notes": error.notes, "help": error.help}))
        .collect();
    let object = json!({
        "version": 1,
        "backend": report.backend,
        "run": report.run,
        "state": report.state,
        "families": report.families,
        "sets": report.sets,
        "warnings": report.warnings,
        "steps": steps.all(),
        "errors": errors,
    });
    match output::print(&format!("{object:#}\n")) {
        Status::Done => status,
        failed => failed,
    }
}

/// `--rehearse` alone: of the live ruleset, or of a dump.
fn rehearse(
    request: &Request<'_>,
    mut options: RunOptions,
    steps: &mut Steps,
    report: &mut Report,
) -> Result<Status, Stop> {
    let families: Vec<Family> = options.jobs.iter().map(|job| job.family).collect();
    let is_live = options.jobs.iter().any(|job| matches!(job.input, Input::Live(_)));
    let host = Host::read(request.folder, &families)?;
    report.backend = Some(host.backend);
    if is_live {
        give(&mut options, &host);
    }
    let mut results = run::results(&options).map_err(|(_, stop)| stop)?;
    lockout::warn(&options, &mut results)?;
    show(request, &options, &results, report)?;
    steps.say(&format!("backend {}", host.backend));
    let every: Vec<&RunResult<'_>> = results.iter().collect();
    rehearse_all(&every, &host, steps)?;
    Ok(Status::Done)
}

/// The change of one family that is to be made.
struct Planned<'r> {
    result: &'r RunResult<'r>,
    host: &'r HostFamily,
    /// The ruleset that is to be, as text.
    target: Vec<u8>,
    delta: Delta,
}

fn apply(
    request: &Request<'_>,
    mut options: RunOptions,
    steps: &mut Steps,
    report: &mut Report,
) -> Result<Status, Stop> {
    let args = request.args;
    if !args.trust {
        modules::check_all_trust(request.files, request.libraries)?;
    }
    let state = StateDir::open(&args.state.state_dir)?;
    let lock = state.lock()?;
    settle(&state, steps)?;
    let families: Vec<Family> = options.jobs.iter().map(|job| job.family).collect();
    let slow = steps.begin("reading the live rules");
    let host = Host::read(request.folder, &families)?;
    drop(slow);
    report.backend = Some(host.backend);
    give(&mut options, &host);
    steps.done(&format!("read the live rules: backend {}, {}", host.backend, named(&families)));
    let slow = steps.begin("running and checking the scripts");
    let mut results = run::results(&options).map_err(|(_, stop)| stop)?;
    lockout::refuse(&options, &mut results)?;
    drop(slow);
    steps.done("ran and checked the scripts");
    report.warnings.extend(host.warnings.iter().map(|warning| warning.message.clone()));
    if !request.json {
        output::say(&host.warnings, options.colors.stderr);
    }
    let sets = sets::plan(&results, state.path(), request.folder)?;
    show(request, &options, &results, report)?;
    show_sets(request, &options, &sets, report)?;
    let is_changed = |result: &&RunResult<'_>| {
        sets.changes(result.job.family) || !delta::forward(result.checked.ruleset()).is_empty()
    };
    let changed: Vec<&RunResult<'_>> = results.iter().filter(is_changed).collect();
    let targets = if args.no_rehearse { plain(&changed)? } else { rehearse_all(&changed, &host, steps)? };
    let planned = plan(&changed, &host, targets)?;
    if planned.is_empty() && sets.is_empty() {
        report.state = Some("nothing-to-do");
        steps.say("nothing to do");
        return Ok(Status::Done);
    }
    let run = begin(request, &state, &host, &planned, &sets)?;
    report.run = Some(run.id());
    steps.done(&format!("backed up as run {}", run.id()));
    let ended = guarded(args, &state, &run, steps)?;
    drop::<Lock>(lock);
    report.state = Some(ended.state.as_str());
    tell(&run, ended, steps)
}

/// Shows what changes in the sets.
fn show_sets(
    request: &Request<'_>,
    options: &RunOptions,
    plan: &SetPlan<'_>,
    report: &mut Report,
) -> Result<(), Stop> {
    report.sets = sets::json(plan);
    report.warnings.extend(plan.warnings.iter().map(|warning| warning.message.clone()));
    if !request.json {
        Destination::Stdout.write(|out| sets::write_diff(plan, options.colors.stdout, out))?;
        output::say(&plan.warnings, options.colors.stderr);
    }
    Ok(())
}

/// Refuses while a run waits; one whose guard has died is rolled back first.
pub(super) fn settle(state: &StateDir, steps: &mut Steps) -> Result<(), Diagnostic> {
    let Some(run) = state.unfinished() else { return Ok(()) };
    let id = run.id();
    if run.record().boot == apply::boot() && run.record().namespace != apply::namespace() {
        let message = format!("run {id} waits for its confirmation in another network namespace");
        return Err(Diagnostic::error("pending", message).help("give each its own --state-dir"));
    }
    if run.is_guarded() {
        return Err(run.waits());
    }
    apply::recover(&run)?;
    steps.done(&format!("rolled back run {id}, whose guard had died"));
    Ok(())
}

/// Gives the jobs what was read of the host.
pub(super) fn give(options: &mut RunOptions, host: &Host) {
    for job in &mut options.jobs {
        if let Some(found) = host.families.iter().find(|found| found.family == job.family) {
            let name = match job.family {
                Family::Ipv4 => "iptables-save",
                Family::Ipv6 => "ip6tables-save",
            };
            job.input = Input::Read(name, found.dump.text.clone());
        }
    }
}

/// Shows what changes and what is to be said of it, before anything does.
fn show(
    request: &Request<'_>,
    options: &RunOptions,
    results: &[RunResult<'_>],
    report: &mut Report,
) -> Result<(), Stop> {
    for result in results {
        let packets = compare::beside(&options.site, result);
        let mut text = Vec::new();
        let written = diff::write(&result.checked, crate::diagnostic::Style::Plain, &mut text);
        written.map_err(|error| Diagnostic::error("unwritable-output", error.to_string()))?;
        report.families.push(json!({
            "family": result.job.family.as_str(),
            "diff": String::from_utf8_lossy(&text),
            "packets": packets.as_ref().map(packets_report::object),
        }));
        report.warnings.extend(result.diagnostics.iter().map(|warning| warning.message.clone()));
        if !request.json {
            let style = options.colors.stdout;
            Destination::Stdout.write(|mut out| {
                diff::write(&result.checked, style, &mut out)?;
                packets.iter().try_for_each(|packets| packets_report::write_brief(packets, &mut out))
            })?;
            output::say(&result.diagnostics, options.colors.stderr);
        }
    }
    Ok(())
}

fn of_host(host: &Host, family: Family) -> Result<&HostFamily, Diagnostic> {
    let found = host.families.iter().find(|found| found.family == family);
    found.ok_or_else(|| {
        Diagnostic::error("no-live-ruleset", format!("no {} ruleset was read", family.as_str()))
    })
}

/// Rehearses all families, each in a namespace of its own; the texts that the kernel makes of the rulesets.
fn rehearse_all(results: &[&RunResult<'_>], host: &Host, steps: &mut Steps) -> Result<Vec<Vec<u8>>, Stop> {
    let _slow = steps.begin("rehearsing in a scratch namespace");
    let mut texts = Vec::with_capacity(results.len());
    for result in results {
        let ruleset = result.checked.ruleset();
        match apply::rehearse(ruleset, &of_host(host, result.job.family)?.tools, &result.sets)? {
            Rehearsed::Text(text) => texts.push(Dump::new(text).text),
            Rehearsed::LeftOut(warning) => {
                steps.say(&warning.message);
                texts.push(written(ruleset)?);
            }
        }
    }
    if !results.is_empty() {
        steps.done("rehearsed in a scratch namespace");
    }
    Ok(texts)
}

/// The rulesets in our own spelling.
fn plain(results: &[&RunResult<'_>]) -> Result<Vec<Vec<u8>>, Stop> {
    results.iter().map(|result| Ok(written(result.checked.ruleset())?)).collect()
}

fn written(ruleset: &Ruleset) -> Result<Vec<u8>, Diagnostic> {
    let mut text = Vec::new();
    save::write_canonical(ruleset, &mut text)
        .map_err(|error| Diagnostic::error("unwritable-output", error.to_string()))?;
    Ok(Dump::new(text).text)
}

/// What is to be done in each family; those in which nothing is are left out.
fn plan<'r>(
    results: &[&'r RunResult<'r>],
    host: &'r Host,
    targets: Vec<Vec<u8>>,
) -> Result<Vec<Planned<'r>>, Stop> {
    let mut planned = Vec::new();
    for (result, target) in results.iter().zip(targets) {
        let family = result.job.family;
        let parsed = apply::parse(family, target.clone())?;
        let delta = delta::between(View::read(result.checked.ruleset()), View::result(&parsed));
        if !delta.is_empty() {
            planned.push(Planned { result, host: of_host(host, family)?, target, delta });
        }
    }
    Ok(planned)
}

/// Writes the run with its backups: all that the way back needs is on the disk before the first change.
fn begin(
    request: &Request<'_>,
    state: &StateDir,
    host: &Host,
    planned: &[Planned<'_>],
    sets: &SetPlan<'_>,
) -> Result<Run, Diagnostic> {
    let record = Record {
        version: VERSION,
        time: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
        who: apply::who(),
        scripts: request.names.clone(),
        backend: host.backend,
        confirm: (!request.args.no_confirm).then_some(request.args.confirm),
        families: planned.iter().map(family_record).collect(),
        sets: sets.records(),
        ipset: sets.program().map(Path::to_owned),
        boot: apply::boot(),
        namespace: apply::namespace(),
        connection: connection(),
    };
    let bases = host.families.iter().map(|found| (found.family, Which::Base, found.dump.raw.as_slice()));
    let targets = planned.iter().map(|plan| (plan.host.family, Which::Target, plan.target.as_slice()));
    let sides = [Which::Base, Which::Target].map(|which| (which, sets.text(which)));
    let sides = if sets.is_empty() { &[][..] } else { &sides[..] };
    state.begin(&record, &bases.chain(targets).collect::<Vec<_>>(), sides)
}

/// The SSH connection that this was asked for by. A terminal multiplexer hides which one it is.
fn connection() -> Option<String> {
    let unknown = || apply::is_remote().then(|| "unknown".to_owned());
    apply::connection().map(|connection| connection.id).or_else(unknown)
}

fn family_record(planned: &Planned<'_>) -> FamilyRecord {
    let lines = || planned.delta.tables().iter().flat_map(delta::TableDelta::lines);
    let is_removal = |line: &&Vec<u8>| matches!(line.get(..2), Some(b"-D" | b"-X" | b"-F"));
    let removed = lines().filter(is_removal).count();
    FamilyRecord {
        family: planned.result.job.family.as_str().to_owned(),
        tools: planned.host.tools.clone(),
        added: lines().count() - removed,
        removed,
    }
}

fn guarded(args: &ApplyArgs, state: &StateDir, run: &Run, steps: &mut Steps) -> Result<Ended, Diagnostic> {
    let armed = apply::arm(run, state.path())?;
    steps.done("armed the rollback");
    let ended = Follower::new(run, Asks::new(args.confirm_here)).follow(steps);
    armed.wait(run);
    Ok(ended)
}

fn named(families: &[Family]) -> String {
    families.iter().map(|family| family.as_str()).collect::<Vec<_>>().join(" and ")
}
