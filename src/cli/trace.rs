//! `dwscript trace`: the way of one packet through a ruleset, or through what scripts make of it.
//!
//! A verdict is an answer, and none of them is a failure: the exit status is 0 whatever becomes of the packet.

use super::args::TraceArgs;
use super::color::Colors;
use super::options::{RunOptions, TraceOptions};
use super::output::{self, Destination};
use super::run::{list_samples, results};
use super::status::{Status, Stop};
use crate::model::{Family, Ruleset};
use crate::packets::{Given, Members, Probed, Site, cannot_be};
use crate::report::{json, trace};

pub(super) fn run(args: &TraceArgs) -> Status {
    if args.asking.input.sample.as_deref() == Some("list") {
        return list_samples();
    }
    let style = Colors::new(args.asking.color.color);
    let done = TraceOptions::new(args).map_err(|error| (Family::default(), error.into()));
    match done.and_then(|options| follow(&options)) {
        Ok(()) => Status::Done,
        Err((family, stop)) if args.asking.json => {
            let written =
                Destination::Stdout.write(|mut out| json::write_failure(family, &stop.diagnostics, &mut out));
            written.err().iter().for_each(|error| output::say(std::slice::from_ref(error), style.stderr));
            stop.status
        }
        Err((_, stop)) => {
            output::say(&stop.diagnostics, style.stderr);
            stop.status
        }
    }
}

type Failed = (Family, Stop);

fn follow(options: &TraceOptions) -> Result<(), Failed> {
    match &options.run {
        Some(run) => with_scripts(options, run),
        None => as_it_stands(options),
    }
}

/// Through the rulesets as they are.
fn as_it_stands(options: &TraceOptions) -> Result<(), Failed> {
    for (family, input) in &options.inputs {
        let read = input.read(*family).map_err(|stop| (*family, stop))?;
        output::say(&read.diagnostics, options.colors.stderr);
        let probed = one(&options.site, &read.ruleset, &[], &options.packet)?;
        print(options, &probed, None)?;
    }
    Ok(())
}

/// Through what the scripts make of them, and as they were before.
fn with_scripts(options: &TraceOptions, run: &RunOptions) -> Result<(), Failed> {
    let all = results(run)?;
    for result in &all {
        output::say(&result.diagnostics, options.colors.stderr);
        let ruleset = result.checked.ruleset();
        let probed = one(&options.site, ruleset, &result.members(), &options.packet)?;
        let original = result.original();
        let before = original.as_ref().map(|original| one(&options.site, original, &[], &options.packet));
        print(options, &probed, before.transpose()?.as_ref())?;
    }
    Ok(())
}

fn one<'r>(site: &Site, ruleset: &'r Ruleset, sets: &[Members], given: &Given) -> Result<Probed<'r>, Failed> {
    let probed = Probed::new(site, ruleset, sets, &given.packet);
    probed.map_err(|fault| (ruleset.family(), cannot_be(&given.text, &fault).into()))
}

fn print(options: &TraceOptions, probed: &Probed<'_>, before: Option<&Probed<'_>>) -> Result<(), Failed> {
    let style = options.colors.stdout;
    let written = Destination::Stdout.write(|mut out| {
        if options.json {
            trace::write_json(&options.packet.text, probed, before, &mut out)
        } else {
            trace::write(probed, before, style, &mut out)
        }
    });
    written.map_err(|error| (probed.ruleset.family(), error.into()))
}
