//! Docker's own rules: scripts leave them as they are unless they say otherwise.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::report::{Report, Words};
use super::survey::Survey;
use super::{Check, added_by};
use crate::docker::{Owned, USER_CHAIN, is_own_chain};
use crate::model::sequence::Sequence;
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
    let mut guard = Guard { ruleset, owned: &owned, lost: BTreeMap::new() };
    for id in TableName::ALL.into_iter().flat_map(|table| ruleset.table(table).chains()) {
        guard.chain(*id, report);
    }
    let lost = std::mem::take(&mut guard.lost);
    for (edit, rules) in lost {
        guard.report_lost(edit, &rules, report);
    }
}

/// A chain's rules, compared with what they were.
#[derive(Default)]
struct Compared {
    /// The rules of before that are still there, each with what it is now.
    kept: FxHashMap<RuleId, RuleId>,
    /// The added rules that are some rule of Docker's again, each with the one that it is.
    again: FxHashMap<RuleId, RuleId>,
}

/// Looks at what became of Docker's rules.
struct Guard<'r> {
    ruleset: &'r Ruleset,
    owned: &'r Owned<'r>,
    /// Rules that are gone, by the edit that took them out.
    lost: BTreeMap<EditId, Vec<RuleId>>,
}

impl Guard<'_> {
    fn chain(&mut self, id: ChainId, report: &mut Report<'_>) {
        let Some(base) = self.ruleset.chain(id).base() else { return };
        if self.ruleset.chain(id).created().is_some() || self.is_chain_gone(id, report) {
            return;
        }
        let taken = |rule: &RuleId| self.taken_out(*rule).is_some() && self.owned.is_docker(id, *rule);
        let changed = base.rules.iter().any(|rule| taken(&rule));
        let compared = if changed { self.compare(id) } else { Compared::default() };
        let is_forward = self.ruleset.builtin(TableName::Filter, Hook::Forward) == Some(id);
        let told = is_forward && self.forward(id, &compared.again, report);
        if changed && !told {
            self.order(id, &compared.kept, report);
        }
    }

    /// Whether a script took away Docker's chain, or its name; that is reported.
    fn is_chain_gone(&self, id: ChainId, report: &mut Report<'_>) -> bool {
        let chain = self.ruleset.chain(id);
        let Some(edit) = chain.removed().or(chain.name_edit()) else { return false };
        let name = self.ruleset.symbols().name(chain.base().map_or(chain.name(), |base| base.name));
        let is_user = chain.table() == TableName::Filter && name == USER_CHAIN;
        if !is_user && !is_own_chain(chain.table(), name) {
            return false;
        }
        if !self.is_allowed(edit) {
            let what = if chain.removed().is_some() { "removed" } else { "renamed" };
            report.edit(edit, RULE, || {
                Words::new(format!("`{name}` is Docker's chain, and is {what} here")).help(HELP)
            });
        }
        true
    }

    /// Whether the script of an edit lifted the guard.
    fn is_allowed(&self, edit: EditId) -> bool {
        self.ruleset.edit(edit).is_some_and(|edit| edit.origin.docker_edits)
    }

    /// The edit that took out a rule that was read, unless it may.
    fn taken_out(&self, rule: RuleId) -> Option<EditId> {
        self.ruleset.removed_by(rule).filter(|edit| !self.is_allowed(*edit))
    }

    /// Compares Docker's rules in a chain with what they were, and remembers those that are gone. What was taken out and
    /// added again is there.
    fn compare(&mut self, id: ChainId) -> Compared {
        let now = self.ruleset.chain(id).rules();
        let before = self.ruleset.chain(id).base_rules();
        let mut kept = self.kept(now);
        let gone = before.iter().filter(|rule| !kept.contains_key(rule) && self.taken_out(*rule).is_some());
        let gone: Vec<RuleId> = gone.filter(|rule| self.owned.is_docker(id, *rule)).collect();
        let again = self.added_again(now, &gone);
        kept.extend(again.iter().map(|(new, old)| (*old, *new)));
        for rule in gone.iter().filter(|rule| !kept.contains_key(rule)) {
            if let Some(edit) = self.taken_out(*rule) {
                self.lost.entry(edit).or_default().push(*rule);
            }
        }
        Compared { kept, again }
    }

    /// The rules of before that are still there, each with what it is now: rewritten, where a chain got another name.
    fn kept(&self, now: &Sequence) -> FxHashMap<RuleId, RuleId> {
        let old = |rule: RuleId| {
            let rewritten = self.ruleset.is_rewritten(rule).then(|| self.ruleset.replaced(rule)).flatten();
            rewritten.or(Some(rule)).filter(|_| added_by(self.ruleset, rule).is_none())
        };
        now.iter().filter_map(|rule| Some((old(rule)?, rule))).collect()
    }

    /// The added rules that are equal to those of `gone`, each with the one that it is equal to.
    fn added_again(&self, now: &Sequence, gone: &[RuleId]) -> FxHashMap<RuleId, RuleId> {
        let canonical = |rule| self.ruleset.untagged(rule);
        let mut open: FxHashMap<String, Vec<RuleId>> = FxHashMap::default();
        for rule in gone.iter().rev() {
            open.entry(canonical(*rule)).or_default().push(*rule);
        }
        let added = now.iter().filter(|rule| added_by(self.ruleset, *rule).is_some());
        added.filter_map(|rule| Some((rule, open.get_mut(&canonical(rule))?.pop()?))).collect()
    }

    /// Reports rules of Docker's that stand in another order than before.
    fn order(&self, id: ChainId, kept: &FxHashMap<RuleId, RuleId>, report: &mut Report<'_>) {
        let before = self.ruleset.chain(id).base_rules().iter();
        let docker = before.filter(|rule| kept.contains_key(rule) && self.owned.is_docker(id, *rule));
        let docker: Vec<RuleId> = docker.collect();
        let places: FxHashMap<RuleId, usize> =
            self.ruleset.chain(id).rules().iter().enumerate().map(|(at, rule)| (rule, at)).collect();
        let place = |rule: &RuleId| kept.get(rule).and_then(|now| places.get(now)).copied();
        let turned = docker.windows(2).find_map(|pair| {
            let [first, second] = pair else { return None };
            (place(first) > place(second)).then_some([*first, *second])
        });
        let Some(turned) = turned else { return };
        let moved = turned.iter().find_map(|rule| Some((*rule, self.taken_out(*rule)?)));
        let Some((rule, edit)) = moved else { return };
        report.edit(edit, RULE, || {
            Words::new("a rule of Docker's is moved among Docker's own")
                .note(format!("the rule is `{}`", self.ruleset.line(rule)))
                .help(HELP)
        });
    }

    fn report_lost(&self, edit: EditId, rules: &[RuleId], report: &mut Report<'_>) {
        let jump = rules.iter().find(|rule| self.is_user_jump(**rule));
        let Some(first) = jump.or(rules.first()) else { return };
        let (code, message) = match (jump, rules.len()) {
            (Some(_), _) => (
                JUMP,
                format!(
                    "the jump from FORWARD to {USER_CHAIN} is lost: your rules there see no packet without it"
                ),
            ),
            (None, 1) => (RULE, "a rule of Docker's is taken out or changed here".to_owned()),
            (None, count) => (RULE, format!("{count} rules of Docker's are taken out or changed here")),
        };
        report.edit(edit, code, || {
            let line = self.ruleset.line(*first);
            let note = if rules.len() == 1 || jump.is_some() {
                format!("the rule is `{line}`")
            } else {
                format!("the first is `{line}`")
            };
            Words::new(message).note(note).help(HELP)
        });
    }

    fn is_user_jump(&self, rule: RuleId) -> bool {
        let chain = self.ruleset.rule_chain(rule).map(|chain| self.ruleset.chain(chain));
        let forward = chain
            .is_some_and(|chain| chain.table() == TableName::Filter && chain.hook() == Some(Hook::Forward));
        forward && self.ruleset.symbols().name(self.ruleset.target(rule)) == USER_CHAIN
    }

    /// Reports rules of Docker's that stand before the jump to DOCKER-USER, unless the input had it so; whether there are
    /// any.
    fn forward(&self, id: ChainId, again: &FxHashMap<RuleId, RuleId>, report: &mut Report<'_>) -> bool {
        let chain = self.ruleset.chain(id);
        let Some(jump) = chain.rules().iter().find(|rule| self.is_user_jump(*rule)) else { return false };
        let above = |rules: &Sequence| -> Vec<RuleId> {
            rules.iter().take_while(|rule| !self.is_user_jump(*rule)).collect()
        };
        let already: FxHashSet<RuleId> = match above(chain.base_rules()) {
            above if above.len() < chain.base_rules().len() => above.into_iter().collect(),
            _ => FxHashSet::default(),
        };
        let mut found: BTreeMap<EditId, Vec<RuleId>> = BTreeMap::new();
        for rule in above(chain.rules()) {
            let old = again.get(&rule).copied().unwrap_or(rule);
            let is_docker = match added_by(self.ruleset, old) {
                Some(_) => self.owned.is_own_jump(id, old),
                None => !already.contains(&old) && self.owned.is_docker(id, old),
            };
            let edit = added_by(self.ruleset, rule).or_else(|| added_by(self.ruleset, jump));
            if let Some(edit) = edit.filter(|edit| is_docker && !self.is_allowed(*edit)) {
                found.entry(edit).or_default().push(rule);
            }
        }
        for (edit, rules) in &found {
            self.report_above(*edit, rules, report);
        }
        !found.is_empty()
    }

    fn report_above(&self, edit: EditId, rules: &[RuleId], report: &mut Report<'_>) {
        let Some(first) = rules.first() else { return };
        report.edit(edit, ORDER, || {
            let (message, which) = match rules.len() {
                1 => ("a rule of Docker's stands".to_owned(), "the rule"),
                count => (format!("{count} rules of Docker's stand"), "the first"),
            };
            Words::new(format!(
                "{message} before the jump to {USER_CHAIN}, and your rules there come too late"
            ))
            .note(format!("{which} is `{}`", self.ruleset.line(*first)))
            .help(HELP)
        });
    }
}
