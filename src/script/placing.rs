//! The placing pass: where the rules of a run stand among those that were there.
//!
//! The scripts run as if for the first time, on a draft without the rules that their owners added before. Then each rule
//! of the run takes the place of an equal one that was set aside, if order, anchor and its fresh place allow it.

use rustc_hash::FxHashMap;

use super::board::{Board, Plan};
use super::session::Anchor;
use crate::model::{ChainId, EditId, EditKind, Origin, RuleId, Ruleset, Symbol, TableName};

/// How rules of a run find what was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// By tags.
    Tags,
    /// Without tags: equal rules stand for those that a script adds.
    Untagged,
}

/// Places the rules of a run in every chain; `owners` are the run's, each with where its pruned rules are said to come
/// from.
pub(super) fn place(
    ruleset: &mut Ruleset,
    mode: Mode,
    anchors: &FxHashMap<EditId, Anchor>,
    owners: &FxHashMap<Symbol, Origin>,
) {
    let chains: Vec<ChainId> =
        TableName::ALL.into_iter().flat_map(|table| ruleset.table(table).chains().to_vec()).collect();
    for chain in chains {
        let Some(plan) = plan(ruleset, chain, mode, anchors, owners) else { continue };
        plan.carry_out(ruleset, chain, owners);
    }
}

/// What is to be done with a chain; nothing where the draft is as it is to be.
fn plan(
    ruleset: &Ruleset,
    id: ChainId,
    mode: Mode,
    anchors: &FxHashMap<EditId, Anchor>,
    owners: &FxHashMap<Symbol, Origin>,
) -> Option<Plan> {
    let chain = ruleset.chain(id);
    let base = chain.base()?;
    let own = |rule: &RuleId| mode != Mode::Untagged && owners.contains_key(&ruleset.owner(*rule));
    let read: Vec<RuleId> = base.rules.iter().collect();
    let remembered: Vec<(usize, RuleId)> =
        (1..).zip(&read).filter(|(_, rule)| own(rule)).map(|(at, rule)| (2 * at, *rule)).collect();
    if let Some(edit) = chain.removed() {
        let moved = remembered.into_iter().map(|(_, rule)| (rule, edit)).collect();
        return Some(Plan { moved, ..Plan::default() });
    }
    if remembered.is_empty() && mode == Mode::Tags {
        return None;
    }
    let mut board = Board::new(ruleset, id, &read, anchors);
    if board.is_empty() && remembered.is_empty() {
        return None;
    }
    board.remember(&remembered);
    board.land(anchors);
    if mode == Mode::Untagged && !board.is_empty() {
        board.take_in_untagged();
    }
    let kept_name = chain.name_edit().is_none();
    Some(match mode {
        Mode::Untagged => board.untagged(),
        Mode::Tags => board.settle(&remembered, kept_name),
    })
}

impl Plan {
    fn carry_out(self, ruleset: &mut Ruleset, chain: ChainId, owners: &FxHashMap<Symbol, Origin>) {
        for (rule, edit) in self.ensured {
            ruleset.ensure(rule, edit);
        }
        for (new, old, edit) in self.replaced {
            ruleset.take_out(old, edit);
            ruleset.stands_for(new, old);
        }
        for rule in self.disowned {
            ruleset.disown(rule);
        }
        for (rule, edit) in self.moved {
            ruleset.take_out(rule, edit);
        }
        let mut edits: FxHashMap<Symbol, EditId> = FxHashMap::default();
        for rule in self.pruned {
            let owner = ruleset.owner(rule);
            let logged = edits.get(&owner).copied().or_else(|| {
                let origin = owners.get(&owner)?.clone();
                ruleset.begin(EditKind::Prune, chain, origin).ok()
            });
            if let Some(edit) = logged {
                edits.insert(owner, edit);
                ruleset.take_out(rule, edit);
            }
        }
        if ruleset.chain(chain).removed().is_none() {
            ruleset.arrange(chain, &self.rules);
        }
    }
}
