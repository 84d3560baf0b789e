//! Docker's own rules: scripts leave them as they are unless they say otherwise.

use std::collections::BTreeMap;

use super::Check;
use super::report::Report;
use super::survey::Survey;
use crate::docker::{Owned, USER_CHAIN, is_own_chain};
use crate::model::{ChainId, EditId, Hook, RuleId, Ruleset, TableName};

const RULE: &str = "docker-rule";
const JUMP: &str = "docker-user-jump";
const ORDER: &str = "docker-before-user";

const HELP: &str = "leave Docker's rules to Docker and write into DOCKER-USER, INPUT or OUTPUT; if it is meant, say \
                    `allow_docker_edit()` first";

pub(super) const CHECK: Check = Check { codes: &[RULE, JUMP, ORDER], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let ruleset = survey.ruleset;
    if ruleset.edits().is_empty() {
        return;
    }
    let owned = Owned::of_base(ruleset);
    if !owned.is_present() {
        return;
    }
    let mut losses: BTreeMap<EditId, Vec<RuleId>> = BTreeMap::new();
    for id in TableName::ALL.into_iter().flat_map(|table| ruleset.table(table).chains()) {
        chain(ruleset, &owned, *id, &mut losses, report);
    }
    for (edit, rules) in losses {
        lost(ruleset, edit, &rules, report);
    }
    forward(ruleset, &owned, report);
}

/// Whether the script of an edit lifted the guard.
fn is_allowed(ruleset: &Ruleset, edit: EditId) -> bool {
    ruleset.edit(edit).is_some_and(|edit| edit.origin.docker_edits)
}

/// Looks at what became of a chain: its name, and those of its rules that are Docker's.
fn chain(
    ruleset: &Ruleset,
    owned: &Owned,
    id: ChainId,
    losses: &mut BTreeMap<EditId, Vec<RuleId>>,
    report: &mut Report<'_>,
) {
    let chain = ruleset.chain(id);
    let Some(base) = chain.base() else { return };
    let name = ruleset.symbols().name(base.name);
    let of_docker =
        is_own_chain(chain.table(), name) || (chain.table() == TableName::Filter && name == USER_CHAIN);
    let gone = chain.removed().or(chain.name_edit());
    if let Some(edit) =
        gone.filter(|edit| of_docker && chain.created().is_none() && !is_allowed(ruleset, *edit))
    {
        let what = if chain.removed().is_some() { "removed" } else { "renamed" };
        report.edit(edit, RULE, format!("`{name}` is Docker's chain, and is {what} here"), |found| {
            found.help(HELP)
        });
        return;
    }
    for rule in base.rules.iter() {
        let Some(edit) = ruleset.removed_by(rule).filter(|edit| !is_allowed(ruleset, *edit)) else {
            continue;
        };
        if owned.is_docker(ruleset, id, rule) {
            losses.entry(edit).or_default().push(rule);
        }
    }
}

/// Reports the rules of Docker's that an edit took out.
fn lost(ruleset: &Ruleset, edit: EditId, rules: &[RuleId], report: &mut Report<'_>) {
    let Some(first) = rules.first() else { return };
    let line = ruleset.line(*first).into_owned();
    let jump = rules.iter().find(|rule| is_user_jump(ruleset, **rule));
    let (code, message) = match (jump, rules.len()) {
        (Some(_), _) => (
            JUMP,
            format!("the jump from FORWARD to {USER_CHAIN} is lost: Docker needs it, and so do your rules"),
        ),
        (None, 1) => (RULE, "a rule of Docker's is taken out or changed here".to_owned()),
        (None, count) => (RULE, format!("{count} rules of Docker's are taken out or changed here")),
    };
    report.edit(edit, code, message, |found| {
        let first = jump.map_or(line, |jump| ruleset.line(*jump).into_owned());
        found.note(format!("the rule is `{first}`")).help(HELP)
    });
}

fn is_user_jump(ruleset: &Ruleset, rule: RuleId) -> bool {
    let chain = ruleset.rule_chain(rule);
    let forward = chain.is_some_and(|chain| ruleset.chain(chain).hook() == Some(Hook::Forward));
    forward && ruleset.symbols().name(ruleset.target(rule)) == USER_CHAIN
}

/// No rule of Docker's stands before the jump to DOCKER-USER, unless the input had it so.
fn forward(ruleset: &Ruleset, owned: &Owned, report: &mut Report<'_>) {
    let Some(id) = ruleset.builtin(TableName::Filter, Hook::Forward) else { return };
    let chain = ruleset.chain(id);
    if chain.base().is_none() {
        return;
    }
    let before = |rules: &crate::model::sequence::Sequence| -> Vec<RuleId> {
        if !rules.iter().any(|rule| is_user_jump(ruleset, rule)) {
            return Vec::new();
        }
        let above = rules.iter().take_while(|rule| !is_user_jump(ruleset, *rule));
        above.filter(|rule| owned.is_docker(ruleset, id, *rule)).collect()
    };
    let already = before(chain.base_rules());
    for rule in before(chain.rules()).into_iter().filter(|rule| !already.contains(rule)) {
        let jump = chain.rules().iter().find(|rule| is_user_jump(ruleset, *rule));
        let edit = ruleset.added_by(rule).or_else(|| jump.and_then(|jump| ruleset.added_by(jump)));
        let Some(edit) = edit.filter(|edit| !is_allowed(ruleset, *edit)) else { continue };
        let line = ruleset.line(rule).into_owned();
        report.edit(
            edit,
            ORDER,
            format!("a rule of Docker's stands before the jump to {USER_CHAIN}"),
            |found| found.note(format!("the rule is `{line}`")).help(HELP),
        );
    }
}
