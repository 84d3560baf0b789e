//! Matches and targets that the rule's table does not take.

use super::Check;
use super::report::{Report, Words};
use super::survey::{Place, Survey, is_chain_jump, parts, takes};
use crate::diagnostic::list;
use crate::model::TableName;
use crate::model::extension::TableSet;
use crate::model::spec::Spec;

const CODE: &str = "wrong-table";

pub(super) const CHECK: Check = Check { codes: &[CODE], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    for place in &survey.tables {
        report.rule(place.rule, CODE, || words(survey, *place));
    }
}

fn words(survey: &Survey<'_>, place: Place) -> Words {
    let body = survey.ruleset.body(place.rule);
    let spec = Spec::parse(body, survey.ruleset.family()).ok();
    let is_chain = is_chain_jump(survey.ruleset, place);
    let culprit = spec.as_ref().and_then(|spec| parts(spec, is_chain).find(|part| !takes(part, place.table)));
    let what = culprit
        .as_ref()
        .map_or_else(|| "the rule".to_owned(), |part| format!("{} `{}`", part.kind().as_str(), part.name()));
    let tables = culprit.and_then(|part| part.instance()).map_or(TableSet::ALL, |part| part.tables());
    let names: Vec<&str> = tables.iter().map(TableName::as_str).collect();
    let help = match names.as_slice() {
        [only] => format!("it belongs in table `{only}`: `table(\"{only}\")` has the same functions"),
        several => format!("it can stand in the tables {}", list(several.iter().copied(), several.len())),
    };
    Words::new(format!("{what} cannot stand in table `{}`", place.table)).help(help)
}
