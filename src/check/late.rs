//! Jumps that stand before the line which declares their chain: iptables-restore does not know it yet.

use rustc_hash::FxHashMap;

use super::report::{Report, Words};
use super::survey::Survey;
use super::{Check, added_by};
use crate::model::{ChainId, RuleId, Ruleset, TableName};
use crate::save::{self, Patch};
use crate::source::Span;

/// The code, which the input's own late declarations have as well.
pub(super) const CODE: &str = "late-chain";

const HELP: &str = "move the `:` lines of its table above its rules";

pub(super) const CHECK: Check = Check { codes: &[CODE], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let ruleset = survey.ruleset;
    let late = late_chains(ruleset);
    if late.is_empty() {
        return;
    }
    let mut patches = None;
    for (rule, to) in jumps(ruleset) {
        let Some(line) = late.get(&to) else { continue };
        let at = if added_by(ruleset, rule).is_some() {
            printed_at(ruleset, rule, patches.get_or_insert_with(|| save::patches(ruleset)))
        } else {
            ruleset.span(rule).map(|span| span.start)
        };
        if at.is_some_and(|at| at < line.start) {
            report.rule(rule, CODE, || {
                let name = ruleset.chain_name(to);
                let number = ruleset.source().line(line.start);
                Words::new(format!(
                    "chain `{name}` is declared after a rule that jumps to it, in line {number}"
                ))
                .help(HELP)
            });
        }
    }
}

/// Every rule that jumps to a chain, with the chain. The graph will not do: of several jumps it knows one.
fn jumps(ruleset: &Ruleset) -> impl Iterator<Item = (RuleId, ChainId)> {
    TableName::ALL.into_iter().flat_map(move |table| {
        let rules = ruleset.live_chains(table).flat_map(|chain| ruleset.chain(chain).rules().iter());
        rules.filter_map(move |rule| Some((rule, ruleset.table(table).chain(ruleset.target(rule))?)))
    })
}

/// The user chains that are declared behind the first rule of their table, each with the line that does it.
fn late_chains(ruleset: &Ruleset) -> FxHashMap<ChainId, Span> {
    let mut late = FxHashMap::default();
    for table in TableName::ALL {
        let chains = || ruleset.live_chains(table).map(|id| (id, ruleset.chain(id)));
        let first = chains().filter_map(|(_, chain)| {
            let mut lines = chain.base_rules().iter().filter_map(|rule| ruleset.span(rule));
            lines.next().map(|line| line.start)
        });
        let Some(first) = first.min() else { continue };
        let user = chains().filter(|(_, chain)| chain.hook().is_none());
        let lines = user.filter_map(|(id, chain)| Some((id, chain.introduced()?)));
        late.extend(lines.filter(|(_, line)| line.start > first));
    }
    late
}

/// Where among the lines of the source a rule that a script added is printed.
fn printed_at(ruleset: &Ruleset, rule: RuleId, patches: &[Patch]) -> Option<u32> {
    let (edit, line) = (added_by(ruleset, rule), ruleset.line(rule));
    let prints = |patch: &&Patch| patch.added.iter().any(|added| added.edit == edit && added.text == line);
    patches.iter().find(prints).map(|patch| patch.at)
}
