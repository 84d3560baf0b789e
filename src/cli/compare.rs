//! `dwscript compare`: which packets fare otherwise by another ruleset, or by what scripts make of this one.

use std::path::Path;
use std::sync::Arc;

use super::args::{CompareArgs, InputArgs};
use super::color::Colors;
use super::input::{self, Input, Read};
use super::options::{self, RunOptions, Texts, suffixed};
use super::output::{self, Destination};
use super::run::{RunResult, list_samples, results};
use super::site;
use super::snapshot::Snapshot;
use super::status::{Status, Stop, usage};
use crate::diagnostic::Diagnostic;
use crate::model::Family;
use crate::packets::{Comparison, Effort, Side, Site, compare};
use crate::report::{compare as report, json};
use crate::samples::Sample;
use crate::save::patches;

pub(super) fn run(args: &CompareArgs) -> Status {
    if args.asking.input.sample.as_deref() == Some("list") {
        return list_samples();
    }
    let colors = Colors::new(args.asking.color.color);
    let done = comparisons(args, colors).and_then(|found| Ok((print(args, &found)?, found)));
    match done {
        Ok(((), found)) => {
            let is_same = found.iter().all(|one| one.changes.is_empty());
            if is_same { Status::Done } else { Status::No }
        }
        Err(stop) if args.asking.json => {
            let family = if args.asking.input.ipv6 { Family::Ipv6 } else { Family::Ipv4 };
            let written =
                Destination::Stdout.write(|mut out| json::write_failure(family, &stop.diagnostics, &mut out));
            written.err().iter().for_each(|error| output::say(std::slice::from_ref(error), colors.stderr));
            stop.status
        }
        Err(stop) => {
            output::say(&stop.diagnostics, colors.stderr);
            stop.status
        }
    }
}

fn print(args: &CompareArgs, found: &[Comparison]) -> Result<(), Stop> {
    Destination::Stdout.write(|mut out| {
        for (index, one) in found.iter().enumerate() {
            if args.asking.json {
                report::write_json(one, &mut out)?;
                continue;
            }
            if index > 0 {
                writeln!(out)?;
            }
            report::write(one, &mut out)?;
        }
        Ok(())
    })?;
    Ok(())
}

fn comparisons(args: &CompareArgs, colors: Colors) -> Result<Vec<Comparison>, Stop> {
    if args.what.iter().all(|path| path.extension().is_some_and(|ending| ending == "rhai")) {
        return with_scripts(args, colors);
    }
    let InputArgs { input, sample, snapshot, .. } = &args.asking.input;
    let [old, new] = args.what.as_slice() else {
        return Err(usage("two rulesets are compared, or a ruleset with what scripts make of it")
            .help("`dwscript compare OLD NEW`, or `dwscript compare SCRIPT.rhai -i FILE`")
            .into());
    };
    if input.is_some() || sample.is_some() || snapshot.is_some() {
        return Err(usage(
            "--input, --sample and --snapshot say what scripts run on, and no script is given",
        )
        .help("name both rulesets: `dwscript compare OLD NEW`")
        .into());
    }
    two(args, (old, new), colors)
}

/// What scripts make of a ruleset, and that.
fn with_scripts(args: &CompareArgs, colors: Colors) -> Result<Vec<Comparison>, Stop> {
    let given = options::both_if_live(&args.asking.input);
    let jobs = options::jobs(&given, None, Texts::Any)?;
    let site = Arc::new(site::of(jobs.first().map(|job| &job.input), &args.asking.packets)?);
    let run = RunOptions::asking(&args.what, &args.asking, &given, &site)?;
    let results = results(&run).map_err(|(_, stop)| stop)?;
    for result in &results {
        output::say(&result.diagnostics, colors.stderr);
    }
    Ok(results.iter().filter_map(|result| of_result(&run.site, result, Effort::FULL)).collect())
}

/// What scripts made of one family's ruleset, and that.
pub(super) fn of_result(site: &Site, result: &RunResult<'_>, effort: Effort) -> Option<Comparison> {
    let before = result.original()?;
    let sets = result.members();
    let old = Side { ruleset: &before, sets: &[] };
    Some(compare(site, old, Side { ruleset: result.checked.ruleset(), sets: &sets }, effort))
}

/// What `--apply` shows of it beside the diff, where scripts changed something.
pub(super) fn beside(site: &Site, result: &RunResult<'_>) -> Option<Comparison> {
    let is_changed = !patches(result.checked.ruleset()).is_empty();
    if is_changed { of_result(site, result, Effort::BRIEF) } else { None }
}

/// Two rulesets.
fn two(args: &CompareArgs, (old, new): (&Path, &Path), colors: Colors) -> Result<Vec<Comparison>, Stop> {
    let sides = [inputs(&args.asking.input, old)?, inputs(&args.asking.input, new)?];
    let [left, right] = &sides;
    let told = sides.iter().flatten().map(|(_, input)| input);
    let told = told.clone().find(|input| matches!(input, Input::Live(_) | Input::Snapshot(_)));
    let site = site::of(told, &args.asking.packets)?;
    let mut found = Vec::new();
    for (family, old) in left {
        let Some((_, new)) = right.iter().find(|(other, _)| other == family) else { continue };
        let (before, after) = (read(old, *family, colors)?, read(new, *family, colors)?);
        let plain = |ruleset| Side { ruleset, sets: &[] };
        found.push(compare(&site, plain(&before.ruleset), plain(&after.ruleset), Effort::FULL));
    }
    if found.is_empty() {
        return Err(usage("the two have no family in common").help("say which is meant by -4 or -6").into());
    }
    Ok(found)
}

fn read(input: &Input, family: Family, colors: Colors) -> Result<Read, Stop> {
    let read = input.read(family)?;
    output::say(&read.diagnostics, colors.stderr);
    Ok(read)
}

/// The rulesets that a word names, of the families that are meant or that there are.
fn inputs(args: &InputArgs, word: &Path) -> Result<Vec<(Family, Input)>, Diagnostic> {
    let is_said = args.ipv4 || args.ipv6;
    let meant = options::families(args).iter().copied();
    let both = args.ipv4 && args.ipv6;
    let name = word.to_str().unwrap_or_default();
    if name == "-" {
        return Ok(meant.map(|family| (family, Input::Stdin)).take(1).collect());
    }
    let is_file = word.is_file();
    if !is_file && name == "live" {
        let families = options::both_if_live(args);
        let live = |family: &Family| (*family, Input::Live(args.iptables_dir.clone()));
        return Ok(options::families(&families).iter().map(live).collect());
    }
    if !(is_file || both && suffixed(word, Family::Ipv4).is_file()) {
        let sample = input::sample(name).map_err(|error| match Path::new(name).components().count() {
            1 if word.extension().is_none() => error.note("there is no such file either"),
            _ => Diagnostic::error("unreadable-input", format!("there is no file `{name}`")).help(
                "OLD and NEW are dumps, snapshots, `-`, `live`, or captures, which `--sample list` names",
            ),
        })?;
        return Ok(of_sample(sample, is_said.then(|| meant.collect())));
    }
    if is_file && input::file(word)?.trim_ascii_start().starts_with(b"{") {
        let snapshot = Arc::new(Snapshot::parse(name, &input::file(word)?)?);
        let held = [Family::Ipv4, Family::Ipv6].into_iter().filter(|family| snapshot.text(*family).is_ok());
        let wanted: Vec<Family> = if is_said { meant.collect() } else { held.collect() };
        return Ok(wanted
            .into_iter()
            .map(|family| (family, Input::Snapshot(Arc::clone(&snapshot))))
            .collect());
    }
    let file = |family| if both { suffixed(word, family) } else { word.to_owned() };
    Ok(meant.map(|family| (family, Input::File(file(family)))).collect())
}

fn of_sample(sample: &'static Sample, meant: Option<Vec<Family>>) -> Vec<(Family, Input)> {
    let there = [Family::Ipv4, Family::Ipv6].into_iter().filter(|family| sample.text(*family).is_some());
    meant
        .unwrap_or_else(|| there.collect())
        .into_iter()
        .map(|family| (family, Input::Sample(sample)))
        .collect()
}
