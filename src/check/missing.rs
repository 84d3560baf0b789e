//! Jumps to chains that do not exist.

use super::Check;
use super::report::Report;
use super::survey::{Place, Survey};
use crate::diagnostic::{did_you_mean, list};
use crate::model::jump;
use crate::model::{EditId, Ruleset, Symbol, TableName, targets};
use crate::source::Span;

const CODE: &str = "missing-chain";

pub(super) const CHECK: Check = Check { codes: &[CODE], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let ruleset = survey.ruleset;
    for place in &survey.missing {
        let target = ruleset.target(place.rule);
        let name = ruleset.symbols().name(target);
        match removal(ruleset, place.table, target) {
            Some(edit) if super::graph::is_read(ruleset, place.rule) => {
                let chain = ruleset.chain_name(place.chain);
                let line = ruleset.line(place.rule).into_owned();
                let message = format!("chain `{name}` is gone, and a rule of `{chain}` still jumps to it");
                report.edit(edit, CODE, message, |found| {
                    found
                        .note(format!("the rule is `{line}`"))
                        .help("remove that rule as well, or keep the chain")
                });
            }
            _ => jump_to_nothing(ruleset, *place, name, report),
        }
    }
}

fn jump_to_nothing(ruleset: &Ruleset, place: Place, name: &str, report: &mut Report<'_>) {
    let message = format!("there is no chain `{name}` in table `{}`", place.table);
    let help = help(ruleset, place.table, name);
    let at = jump::find(ruleset.body(place.rule)).map(|jump| jump.range).unwrap_or_default();
    let part = Span::new(number(at.start), number(at.end));
    report.part(place.rule, part, CODE, message, |found| found.help(help));
}

/// The edit that removed the chain `name` of `table` or gave it another name.
fn removal(ruleset: &Ruleset, table: TableName, name: Symbol) -> Option<EditId> {
    let chains = ruleset.table(table).chains().iter().map(|id| ruleset.chain(*id));
    let mut was = chains.filter(|chain| chain.base().map_or(chain.name(), |base| base.name) == name);
    was.find_map(|chain| chain.removed().or(chain.name_edit()))
}

fn help(ruleset: &Ruleset, table: TableName, name: &str) -> String {
    let chains: Vec<&str> = ruleset.live_chains(table).map(|id| ruleset.chain_name(id)).collect();
    let user = ruleset.live_chains(table).filter(|id| ruleset.chain(*id).hook().is_none());
    let user: Vec<&str> = user.map(|id| ruleset.chain_name(id)).collect();
    let names = user.iter().copied().chain(targets::ALL.iter().map(|target| target.name));
    match did_you_mean(name, names) {
        Some(near) if near != name => format!("did you mean `{near}`?"),
        _ if chains.len() < 30 => {
            format!("its chains are {}; `new_chain(\"{name}\")` makes one", list(chains, 30))
        }
        _ => format!("`new_chain(\"{name}\")` makes it"),
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
