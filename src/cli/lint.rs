//! `dwscript lint`: the checks on a ruleset as it stands.

use super::args::LintArgs;
use super::color::Colors;
use super::input::Input;
use super::options::LintOptions;
use super::output::{self, Destination};
use super::status::{Status, Stop};
use crate::check;
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Family;
use crate::report::json;

pub(super) fn run(args: &LintArgs) -> Status {
    let options = match LintOptions::new(args) {
        Ok(options) => options,
        Err(diagnostic) => {
            output::say(&[diagnostic], Colors::new(args.color.color).stderr);
            return Status::Failed;
        }
    };
    let statuses = options.inputs.iter().map(|(family, input)| lint(&options, *family, input));
    statuses.max().unwrap_or(Status::Done)
}

fn lint(options: &LintOptions, family: Family, input: &Input) -> Status {
    let (status, diagnostics) = match findings(options, family, input) {
        Ok(findings) if findings.iter().any(|finding| check::is_unreadable(finding.code)) => {
            (Status::Failed, findings)
        }
        Ok(findings) if findings.iter().any(|finding| finding.severity == Severity::Error) => {
            (Status::No, findings)
        }
        Ok(findings) => (Status::Done, findings),
        Err(Stop { status, diagnostics }) => (status, diagnostics),
    };
    if !options.json {
        output::say(&diagnostics, options.colors.stderr);
        return status;
    }
    match Destination::Stdout.write(|mut out| json::write_failure(family, &diagnostics, &mut out)) {
        Ok(()) => status,
        Err(diagnostic) => {
            output::say(&[diagnostic], options.colors.stderr);
            Status::Failed
        }
    }
}

fn findings(options: &LintOptions, family: Family, input: &Input) -> Result<Vec<Diagnostic>, Stop> {
    let read = input.read(family)?;
    let mut findings = read.diagnostics;
    findings.extend(check::lint(&read.ruleset, &options.levels));
    Ok(findings)
}
