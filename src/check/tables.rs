//! Matches and targets that the rule's table does not take.

use super::Check;
use super::report::Report;
use super::survey::{Place, Survey};
use crate::diagnostic::list;
use crate::model::TableName;
use crate::model::spec::{Part, Spec};

const CODE: &str = "wrong-table";

pub(super) const CHECK: Check = Check { codes: &[CODE], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    for (place, tables) in &survey.tables {
        let names: Vec<&str> = tables.iter().map(TableName::as_str).collect();
        let what = culprit(survey, *place);
        let message = format!("{what} cannot stand in table `{}`", place.table);
        let help = match names.as_slice() {
            [] => "no table takes all that this rule holds: split it".to_owned(),
            [only] => format!("it belongs in table `{only}`: `table(\"{only}\").…`"),
            several => format!("it belongs in one of the tables {}", list(several.iter().copied(), 5)),
        };
        report.rule(place.rule, CODE, message, |found| found.help(help));
    }
}

/// The match or target that the table does not take.
fn culprit(survey: &Survey<'_>, place: Place) -> String {
    let body = survey.ruleset.body(place.rule);
    let Ok(spec) = Spec::parse(body, survey.ruleset.family()) else { return "the rule".to_owned() };
    let refuses = |part: &Part<'_>| part.extension().is_some_and(|known| !known.tables.contains(place.table));
    let part = spec.matches().chain(spec.target()).find(refuses);
    part.map_or_else(|| "the rule".to_owned(), |part| format!("{} `{}`", part.kind().as_str(), part.name()))
}
