//! Rules that iptables refuses as they are: a bad value, an unknown option, a missing protocol.

use super::Check;
use super::report::{Report, Words};
use super::survey::Survey;
use crate::model::value::SpecErrorKind;

pub(super) const CHECK: Check = Check { codes: SpecErrorKind::CODES, run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    for (place, error) in &survey.refused {
        report.part(place.rule, error.span, error.code(), || words(&error.kind.to_string()));
    }
}

/// The sentence of a fault, which ends in what to do.
fn words(sentence: &str) -> Words {
    match sentence.split_once("; ") {
        Some((message, help)) => Words::new(message).help(help),
        None => Words::new(sentence),
    }
}
