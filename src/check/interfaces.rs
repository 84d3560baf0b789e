//! `-i` where no packet has come in, `-o` where none goes out yet.

use super::Check;
use super::report::Report;
use super::survey::Survey;
use crate::model::spec::{BaseOption, Spec};

const CODE: &str = "wrong-interface";

pub(super) const CHECK: Check = Check { codes: &[CODE], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    for (place, option) in &survey.interfaces {
        let chain = survey.ruleset.chain_name(place.chain);
        let (letter, other, why) = match option {
            BaseOption::InInterface => ("-i", "-o", "packets there have no interface that they came in by"),
            _ => ("-o", "-i", "packets there have no interface that they leave by yet"),
        };
        let body = survey.ruleset.body(place.rule);
        let span = Spec::parse(body, survey.ruleset.family()).ok().and_then(|spec| spec.base_span(*option));
        let message = format!("`{letter}` cannot stand in {chain}: {why}");
        report.part(place.rule, span.unwrap_or_default(), CODE, message, |found| {
            found.help(format!("match by `{other}`, or take it out"))
        });
    }
}
