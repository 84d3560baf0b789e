//! Rules that iptables refuses as they are: a bad value, an unknown option, a missing protocol.

use super::Check;
use super::report::{Report, Words};
use super::survey::Survey;
use crate::model::value::SpecErrorKind;

pub(super) const CHECK: Check = Check { codes: SpecErrorKind::CODES, run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let added = |rule| super::added_by(survey.ruleset, rule).is_some();
    for (place, error) in &survey.refused {
        if super::framing::told(&error.kind).is_some() && !added(place.rule) {
            continue;
        }
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
