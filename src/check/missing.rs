//! Jumps to chains that do not exist.

use std::collections::BTreeMap;

use super::report::{Report, Words};
use super::survey::{Place, Survey};
use super::{Check, added_by};
use crate::diagnostic::{did_you_mean, list};
use crate::model::jump;
use crate::model::{EditId, Ruleset, Symbol, TableName, targets};
use crate::source::Span;

const CODE: &str = "missing-chain";

/// The most chains that a help line lists.
const LISTED: usize = 12;

pub(super) const CHECK: Check = Check { codes: &[CODE], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let ruleset = survey.ruleset;
    let mut lost: BTreeMap<(EditId, Symbol), Vec<Place>> = BTreeMap::new();
    for place in &survey.missing {
        let target = ruleset.target(place.rule);
        match removal(ruleset, place.table, target).filter(|_| added_by(ruleset, place.rule).is_none()) {
            Some(edit) => lost.entry((edit, target)).or_default().push(*place),
            None => jump_to_nothing(ruleset, *place, target, report),
        }
    }
    for ((edit, target), places) in lost {
        report.edit(edit, CODE, || jumps_to_lost(ruleset, target, &places));
    }
}

/// Rules that were read jump to a chain that a script took away.
fn jumps_to_lost(ruleset: &Ruleset, target: Symbol, places: &[Place]) -> Words {
    let name = ruleset.symbols().name(target);
    let (jumps, which) = match places.len() {
        1 => ("a rule still jumps to it".to_owned(), "the rule"),
        count => (format!("{count} rules still jump to it"), "the first"),
    };
    let words = Words::new(format!("chain `{name}` is gone, and {jumps}"));
    let words = match places.first() {
        Some(place) => words.note(format!("{which} is `{}`", ruleset.line(place.rule))),
        None => words,
    };
    words.help("take out the jumps as well, or keep the chain")
}

fn jump_to_nothing(ruleset: &Ruleset, place: Place, target: Symbol, report: &mut Report<'_>) {
    let at = jump::find(ruleset.body(place.rule)).map(|jump| jump.range).unwrap_or_default();
    let part = Span::new(number(at.start), number(at.end));
    report.part(place.rule, part, CODE, || {
        let name = ruleset.symbols().name(target);
        let known = ruleset.is_goto(place.rule) && targets::find(name, ruleset.family()).is_some();
        let words = Words::new(format!("there is no chain `{name}` in table `{}`", place.table));
        if known {
            return words.help(format!("a goto leads to chains alone; for the target write `-j {name}`"));
        }
        words.help(help(ruleset, place, name))
    });
}

/// The edit that removed the chain `name` of `table` or gave it another name.
fn removal(ruleset: &Ruleset, table: TableName, name: Symbol) -> Option<EditId> {
    if ruleset.edits().is_empty() {
        return None;
    }
    let chains = ruleset.table(table).chains().iter().map(|id| ruleset.chain(*id));
    let mut was = chains.filter(|chain| chain.base().map_or(chain.name(), |base| base.name) == name);
    was.find_map(|chain| chain.removed().or(chain.name_edit()))
}

fn help(ruleset: &Ruleset, place: Place, name: &str) -> String {
    let table = place.table;
    let user = ruleset.live_chains(table).filter(|id| ruleset.chain(*id).hook().is_none());
    let user: Vec<&str> = user.map(|id| ruleset.chain_name(id)).collect();
    let names = user.iter().copied().chain(targets::ALL.iter().map(|target| target.name));
    if let Some(near) = did_you_mean(name, names) {
        return format!("did you mean `{near}`?");
    }
    let elsewhere =
        TableName::ALL.into_iter().find(|other| *other != table && ruleset.chain_id(*other, name).is_some());
    if let Some(other) = elsewhere {
        return format!("table `{other}` has one, and no rule can jump to another table");
    }
    let way = match added_by(ruleset, place.rule) {
        Some(_) => format!("`new_chain(\"{name}\")` makes it"),
        None => format!("declare it by a line `:{name} - [0:0]`, or take the rule out"),
    };
    if user.is_empty() { way } else { format!("{way}; there are {}", list(user, LISTED)) }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
