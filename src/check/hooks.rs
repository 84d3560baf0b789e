//! Matches and targets that a hook does not take from which the rule is reached, through whatever jumps.

use super::graph::{Jump, Jumps};
use super::report::{Report, Words};
use super::survey::{self, Place, Survey, is_chain_jump, parts, takes};
use super::{Check, added_by};
use crate::diagnostic::list;
use crate::model::extension::HookSet;
use crate::model::spec::{Parser, Spec};
use crate::model::{ChainId, Hook, TableName};

const CODE: &str = "wrong-hook";

pub(super) const CHECK: Check = Check { codes: &[CODE], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    if survey.needs.iter().all(|needs| needs.hooks == HookSet::ALL) {
        return;
    }
    let reach = survey.reach();
    let mut read = None;
    for table in TableName::ALL {
        for chain in survey.ruleset.live_chains(table) {
            let hooks = of(reach, chain);
            let needs = survey.needs.get(chain.index()).map_or(HookSet::ALL, |needs| needs.hooks);
            if hooks.and(needs) != hooks {
                let before = read.get_or_insert_with(|| survey.graph.reach(Jumps::Read));
                let found = Reached { table, chain, hooks, before: of(before, chain) };
                found.report(survey, report);
            }
        }
    }
}

fn of(reach: &[HookSet], chain: ChainId) -> HookSet {
    reach.get(chain.index()).copied().unwrap_or(HookSet::NONE)
}

/// A chain with a rule that does not take each of the hooks that reach it.
struct Reached {
    table: TableName,
    chain: ChainId,
    /// The hooks that reach it.
    hooks: HookSet,
    /// Those that reach it by jumps that were read.
    before: HookSet,
}

impl Reached {
    fn report(&self, survey: &Survey<'_>, report: &mut Report<'_>) {
        let ruleset = survey.ruleset;
        let mut parser = Parser::new();
        let mut paths: Vec<(Hook, Vec<Jump>)> = Vec::new();
        for rule in ruleset.chain(self.chain).rules().iter() {
            let place = Place { table: self.table, chain: self.chain, rule };
            let Ok(spec) = parser.parse(ruleset.body(rule), ruleset.family()) else { continue };
            let is_chain = is_chain_jump(ruleset, place);
            let fits = parts(&spec, is_chain).all(|part| takes(&part, self.table));
            let taken = if fits { survey::hooks(&spec, is_chain) } else { HookSet::ALL };
            parser.recycle(spec);
            let Some(hook) = self.hooks.iter().find(|hook| !taken.contains(*hook)) else { continue };
            let index = paths.iter().position(|(known, _)| *known == hook).unwrap_or_else(|| {
                let start = ruleset.builtin(self.table, hook);
                let path = start.map(|start| survey.graph.path(start, self.chain)).unwrap_or_default();
                paths.push((hook, path));
                paths.len() - 1
            });
            let path = paths.get(index).map_or(&[][..], |(_, path)| path);
            self.rule(survey, place, (hook, taken), path, report);
        }
    }

    fn rule(
        &self,
        survey: &Survey<'_>,
        place: Place,
        (hook, taken): (Hook, HookSet),
        path: &[Jump],
        report: &mut Report<'_>,
    ) {
        let ruleset = survey.ruleset;
        let introduced = self.before.and(taken) == self.before;
        let jump = path.iter().find_map(|jump| added_by(ruleset, jump.rule));
        match jump.filter(|_| introduced && added_by(ruleset, place.rule).is_none()) {
            Some(edit) => report.edit(edit, CODE, || {
                let line = format!("the rule is `{}`", ruleset.line(place.rule));
                words(survey, place, (hook, taken), path).note(line)
            }),
            None => report.rule(place.rule, CODE, || words(survey, place, (hook, taken), path)),
        }
    }
}

fn words(survey: &Survey<'_>, place: Place, (hook, taken): (Hook, HookSet), path: &[Jump]) -> Words {
    let what = culprit(survey, place, hook);
    let way: Vec<&str> = path.iter().map(|jump| survey.ruleset.chain_name(jump.to)).collect();
    let message = match way.as_slice() {
        [] => format!("{what} cannot stand in {}", hook.as_str()),
        way => format!(
            "{what} cannot be reached from {}, as it is by way of `{}`",
            hook.as_str(),
            way.join("` → `")
        ),
    };
    let fitting: Vec<&str> =
        place.table.hooks().iter().filter(|hook| taken.contains(**hook)).map(|hook| hook.as_str()).collect();
    Words::new(message).help(match fitting.as_slice() {
        [] => format!("no chain of table `{}` takes it", place.table),
        several => format!(
            "it can stand in {}, and in chains that are reached from there alone",
            list(several.iter().copied(), several.len())
        ),
    })
}

/// The match or target that the hook does not take.
fn culprit(survey: &Survey<'_>, place: Place, hook: Hook) -> String {
    let body = survey.ruleset.body(place.rule);
    let Ok(spec) = Spec::parse(body, survey.ruleset.family()) else { return "the rule".to_owned() };
    let is_chain = is_chain_jump(survey.ruleset, place);
    let part =
        parts(&spec, is_chain).find(|part| part.instance().is_some_and(|part| !part.hooks().contains(hook)));
    part.map_or_else(
        || "the rule".to_owned(),
        |part| {
            let narrowed = part.extension().is_some_and(|known| known.hooks.contains(hook));
            let with = if narrowed { " with these options" } else { "" };
            format!("{} `{}`{with}", part.kind().as_str(), part.name())
        },
    )
}
