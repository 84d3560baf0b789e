//! `dwscript lint`: the checks on a ruleset as it stands.

use std::io::Write;

use super::args::{LintArgs, LintFormat};
use super::color::Colors;
use super::input::{Input, Read};
use super::options::LintOptions;
use super::output::{self, Destination};
use super::status::{Status, Stop};
use super::world;
use crate::check;
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Family;
use crate::report::{github, json, sarif};

pub(super) fn run(args: &LintArgs) -> Status {
    if args.input.sample.as_deref() == Some("list") {
        return super::run::list_samples();
    }
    let options = match LintOptions::new(args) {
        Ok(options) => options,
        Err(diagnostic) => {
            output::say(&[diagnostic], Colors::new(args.color.color).stderr);
            return Status::Failed;
        }
    };
    let linted = lint(&options);
    let status = linted.iter().map(|linted| linted.status).max().unwrap_or(Status::Done);
    match print(&options, &linted) {
        Ok(()) => status,
        Err(diagnostic) => {
            output::say(&[diagnostic], options.colors.stderr);
            Status::Failed
        }
    }
}

/// What was found in one family's ruleset.
struct Linted {
    family: Family,
    status: Status,
    diagnostics: Vec<Diagnostic>,
}

impl Linted {
    fn new(family: Family, found: Result<Vec<Diagnostic>, Stop>) -> Self {
        let (status, diagnostics) = match found {
            Ok(found) if found.iter().any(|finding| check::is_unreadable(finding.code)) => {
                (Status::Failed, found)
            }
            Ok(found) if found.iter().any(|finding| finding.severity == Severity::Error) => {
                (Status::No, found)
            }
            Ok(found) => (Status::Done, found),
            Err(Stop { status, diagnostics }) => (status, diagnostics),
        };
        Self { family, status, diagnostics }
    }
}

fn lint(options: &LintOptions) -> Vec<Linted> {
    let read: Vec<(Family, Result<Read, Stop>)> =
        options.inputs.iter().map(|(family, input)| (*family, input.read(*family))).collect();
    let mut beside = match read.as_slice() {
        [(_, Ok(one)), (_, Ok(other))] => [
            check::lint_beside(&one.ruleset, &other.ruleset, &options.levels),
            check::lint_beside(&other.ruleset, &one.ruleset, &options.levels),
        ],
        _ => [Vec::new(), Vec::new()],
    }
    .into_iter();
    let linted = read.into_iter().zip(&options.inputs).map(|((family, read), (_, input))| {
        let beside = beside.next().unwrap_or_default();
        Linted::new(family, read.and_then(|read| findings(options, (family, input), read, beside)))
    });
    linted.collect()
}

/// What is found in a family's ruleset, before what was found beside the other's.
fn findings(
    options: &LintOptions,
    (family, input): (Family, &Input),
    read: Read,
    beside: Vec<Diagnostic>,
) -> Result<Vec<Diagnostic>, Stop> {
    let mut known = world::known(input, options.asks_docker);
    if let Some((_, replaced)) = options.replaced.iter().find(|(of, _)| *of == family) {
        let replaced = replaced.read(family)?.ruleset;
        known = known.with_replaced(|| Some(replaced));
    }
    let mut found = read.diagnostics;
    found.extend(check::lint_on(&read.ruleset, &known, &options.levels));
    found.extend(beside);
    Ok(found)
}

fn print(options: &LintOptions, linted: &[Linted]) -> Result<(), Diagnostic> {
    let all = || linted.iter().flat_map(|linted| &linted.diagnostics).cloned().collect::<Vec<_>>();
    match options.format {
        LintFormat::Text => {
            output::say(&all(), options.colors.stderr);
            Ok(())
        }
        LintFormat::Sarif => Destination::Stdout.write(|mut out| sarif::write(&all(), &mut out)),
        LintFormat::Github => Destination::Stdout.write(|mut out| github::write(&all(), &mut out)),
        LintFormat::Json => Destination::Stdout.write(|mut out| objects(linted, &mut out)),
    }
}

/// A JSON object for each family.
fn objects(linted: &[Linted], out: &mut impl Write) -> std::io::Result<()> {
    linted.iter().try_for_each(|linted| json::write_failure(linted.family, &linted.diagnostics, out))
}
