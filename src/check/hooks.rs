//! Matches and targets that a hook does not take from which the rule is reached, through whatever jumps.

use rustc_hash::FxHashMap;

use super::Check;
use super::graph::{Jumps, is_read};
use super::report::Report;
use super::survey::{Bound, Survey};
use crate::diagnostic::list;
use crate::model::extension::HookSet;
use crate::model::spec::{Part, Spec};
use crate::model::{ChainId, Hook};

const CODE: &str = "wrong-hook";

pub(super) const CHECK: Check = Check { codes: &[CODE], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    if survey.bound.is_empty() {
        return;
    }
    let all = survey.graph.reach(survey.ruleset, Jumps::All);
    let read = survey.graph.reach(survey.ruleset, Jumps::Read);
    for bound in &survey.bound {
        if let Some(hook) = outside(&all, bound) {
            let introduced = outside(&read, bound).is_none();
            one(survey, *bound, hook, introduced, report);
        }
    }
}

/// A hook that reaches the rule and that it does not take.
fn outside(reach: &FxHashMap<ChainId, HookSet>, bound: &Bound) -> Option<Hook> {
    let reached = reach.get(&bound.place.chain)?;
    reached.iter().find(|hook| !bound.hooks.contains(*hook))
}

fn one(survey: &Survey<'_>, bound: Bound, hook: Hook, introduced: bool, report: &mut Report<'_>) {
    let ruleset = survey.ruleset;
    let place = bound.place;
    let what = culprit(survey, bound, hook);
    let hooks: Vec<&str> = bound.hooks.iter().map(Hook::as_str).collect();
    let help = match hooks.as_slice() {
        [] => "no hook takes all that this rule holds: split it".to_owned(),
        several => format!(
            "it can stand in {}, and in chains that are reached from there alone",
            list(several.iter().copied(), 5)
        ),
    };
    let start = ruleset.builtin(place.table, hook);
    let path = start.map(|start| survey.graph.path(start, place.chain)).unwrap_or_default();
    let way: Vec<&str> = path.iter().map(|jump| ruleset.chain_name(jump.to)).collect();
    let from = match way.as_slice() {
        [] => format!("{what} cannot stand in {}", hook.as_str()),
        way => format!("{what} cannot be reached from {} (by `{}`)", hook.as_str(), way.join("`, `")),
    };
    let jump = path.iter().find(|jump| !is_read(ruleset, jump.rule));
    match jump.and_then(|jump| ruleset.added_by(jump.rule)) {
        Some(edit) if introduced && is_read(ruleset, place.rule) => {
            let line = ruleset.line(place.rule).into_owned();
            report.edit(edit, CODE, from, |found| found.note(format!("the rule is `{line}`")).help(help));
        }
        _ => report.rule(place.rule, CODE, from, |found| found.help(help)),
    }
}

/// The match or target that the hook does not take.
fn culprit(survey: &Survey<'_>, bound: Bound, hook: Hook) -> String {
    let body = survey.ruleset.body(bound.place.rule);
    let Ok(spec) = Spec::parse(body, survey.ruleset.family()) else { return "the rule".to_owned() };
    let refuses = |part: &Part<'_>| part.extension().is_some_and(|known| !known.hooks.contains(hook));
    let part = spec.matches().chain(spec.target()).find(refuses);
    part.map_or_else(|| "the rule".to_owned(), |part| format!("{} `{}`", part.kind().as_str(), part.name()))
}
