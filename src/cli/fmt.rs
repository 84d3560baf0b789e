//! `dwscript fmt`: a ruleset in canonical form.

use super::args::FmtArgs;
use super::checked;
use super::color::Colors;
use super::input::Read;
use super::options::{FmtOptions, Job};
use super::output::{self, Destination};
use super::status::{Status, Stop};
use crate::check::{Checked, Known};
use crate::diagnostic::{Diagnostic, Style};
use crate::report::canonical;

pub(super) fn run(args: &FmtArgs) -> Status {
    if args.input.sample.as_deref() == Some("list") {
        return super::run::list_samples();
    }
    let options = match FmtOptions::new(args) {
        Ok(options) => options,
        Err(diagnostic) => {
            output::say(&[diagnostic], Colors::new(args.color.color).stderr);
            return Status::Failed;
        }
    };
    // Nothing is printed before all families are read.
    let results = options.jobs.iter().map(|job| result(&options, job)).collect::<Result<Vec<_>, Stop>>();
    match results {
        Ok(results) => {
            let statuses = results.iter().map(|result| print(&options, result));
            let status = statuses.max().unwrap_or(Status::Done);
            // The process ends here: the kernel takes memory back faster than each chain and rule can be let go.
            std::mem::forget(results);
            status
        }
        Err(stop) => {
            output::say(&stop.diagnostics, options.colors.stderr);
            stop.status
        }
    }
}

/// A ruleset that was read, and what is to be said of it.
struct Formatted<'o> {
    job: &'o Job,
    checked: Checked,
    verbatim: bool,
    diagnostics: Vec<Diagnostic>,
}

fn result<'o>(options: &FmtOptions, job: &'o Job) -> Result<Formatted<'o>, Stop> {
    let Read { ruleset, verbatim, diagnostics } = job.input.read(job.family)?;
    let (checked, diagnostics) = checked::check(ruleset, &Known::default(), &options.levels, diagnostics)?;
    Ok(Formatted { job, checked, verbatim, diagnostics })
}

fn print(options: &FmtOptions, result: &Formatted<'_>) -> Status {
    let Formatted { job, checked, verbatim, diagnostics } = result;
    let style = match job.destination {
        Destination::Stdout => options.colors.stdout,
        Destination::File(_) => Style::Plain,
    };
    let written = job.destination.write(|mut out| {
        if options.check {
            canonical::write_diff(checked, style, &mut out)
        } else {
            canonical::write(checked, &mut out)
        }
    });
    if let Err(diagnostic) = written {
        output::say(&[diagnostic], options.colors.stderr);
        return Status::Failed;
    }
    output::say(diagnostics, options.colors.stderr);
    let differs = options.check && !(*verbatim && canonical::is_canonical(checked));
    if differs { Status::No } else { Status::Done }
}
