//! Rules that are taken out of a chain that stays closed: policies carry no tag, so that nothing opens it again.

use super::Check;
use super::report::{Report, Words};
use super::survey::Survey;
use crate::diagnostic::list;
use crate::docker::Owned;
use crate::model::{EditKind, Hook, Policy, RuleId, Ruleset, TableName};

const ORPHAN: &str = "orphan-policy";
/// The most rules that are named.
const RULES: usize = 3;

pub(super) const CHECK: Check = Check { codes: &[ORPHAN], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let ruleset = survey.ruleset;
    let prunes = ruleset.edits().iter().any(|edit| edit.kind == EditKind::Prune);
    if !prunes {
        return;
    }
    let docker = Owned::of_base(ruleset);
    for id in TableName::ALL.into_iter().flat_map(|table| ruleset.live_chains(table)) {
        let chain = ruleset.chain(id);
        if chain.hook().is_none() || chain.policy() != Policy::Drop || sets_policy(ruleset, chain.table(), id)
        {
            continue;
        }
        // Docker closes FORWARD itself, and opens it where it has to be.
        if chain.table() == TableName::Filter && chain.hook() == Some(Hook::Forward) && docker.is_present() {
            continue;
        }
        let pruned: Vec<RuleId> =
            chain.base_rules().iter().filter(|rule| is_pruned(ruleset, *rule)).collect();
        let Some(span) = pruned.first().and_then(|rule| ruleset.span(*rule)) else { continue };
        report.introduced_at(span, ORPHAN, || {
            let name = ruleset.chain_name(id);
            let owner = pruned.first().map(|rule| ruleset.symbols().name(ruleset.owner(*rule)));
            let lines: Vec<_> = pruned.iter().map(|rule| ruleset.line(*rule)).collect();
            Words::new(format!(
                "rules of `{}` are taken out of `{name}`, whose policy stays DROP",
                owner.unwrap_or_default()
            ))
            .note(format!("taken out: {}", list(lines.iter().map(AsRef::as_ref), RULES)))
            .help(format!(
                "say in the script what the policy is to be, `set_policy(\"{name}\", \"DROP\")` or `\"ACCEPT\"`; to take an \
                 owner's rules off, `dwscript remove --owner … --policy {name}=ACCEPT`"
            ))
        });
    }
}

fn is_pruned(ruleset: &Ruleset, rule: RuleId) -> bool {
    let edit = ruleset.removed_by(rule).and_then(|edit| ruleset.edit(edit));
    edit.is_some_and(|edit| edit.kind == EditKind::Prune)
}

/// Whether this run says what the policy is to be, changed or not.
fn sets_policy(ruleset: &Ruleset, table: TableName, id: crate::model::ChainId) -> bool {
    let name = ruleset.chain(id).name();
    let sets = |kind: EditKind| matches!(kind, EditKind::SetPolicy(_));
    ruleset.edits().iter().any(|edit| edit.table == table && edit.chain == name && sets(edit.kind))
}
