//! The rules that earlier runs of the scripts' owners added to a chain, and where they stood.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::session::Session;
use crate::model::{ChainId, RuleId, Ruleset, Symbol, equal};

/// What earlier runs added to a chain.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    /// Places in the chain as it was read, by canonical form, ascending.
    places: FxHashMap<String, Vec<usize>>,
    /// For each such place the first rule behind it that is none of them.
    next: FxHashMap<usize, Option<usize>>,
}

impl Remembered {
    fn of(ruleset: &Ruleset, id: ChainId, owners: &[Symbol]) -> Self {
        let mut remembered = Self::default();
        let Some(base) = ruleset.chain(id).base() else { return remembered };
        let mut next = None;
        let rules: Vec<RuleId> = base.rules.iter().collect();
        for (at, rule) in rules.iter().enumerate().rev() {
            if !owners.contains(&ruleset.owner(*rule)) {
                next = Some(at);
                continue;
            }
            remembered.places.entry(canonical(ruleset, *rule)).or_default().push(at);
            remembered.next.insert(at, next);
        }
        remembered.places.values_mut().for_each(|places| places.reverse());
        remembered
    }

    /// The place of the first rule of this form.
    fn first(&self, form: &str) -> Option<usize> {
        self.places.get(form)?.first().copied()
    }

    fn is_behind(&self, form: &str, at: usize) -> bool {
        self.places.get(form).and_then(|places| places.last()).is_some_and(|last| *last > at)
    }
}

fn canonical(ruleset: &Ruleset, rule: RuleId) -> String {
    equal::canonical(ruleset.body(rule), ruleset.family()).into_owned()
}

/// Where in the draft a rule belongs whose specification is `body`, if an earlier run of its script added it: before what
/// stood behind it then.
pub(super) fn index(session: &mut Session, id: ChainId, body: &str) -> Option<usize> {
    if session.owner.is_empty() || session.owners.is_empty() {
        return None;
    }
    let known = session.remembered.get(&id).map(Rc::clone);
    let remembered = known.unwrap_or_else(|| {
        let remembered = Rc::new(Remembered::of(&session.ruleset, id, &session.owners));
        session.remembered.insert(id, Rc::clone(&remembered));
        remembered
    });
    let ruleset = &session.ruleset;
    let at = remembered.first(&equal::canonical(body, ruleset.family()))?;
    let chain = ruleset.chain(id);
    let behind = remembered.next.get(&at).copied().flatten();
    let base = &chain.base()?.rules;
    let mut standing = behind.into_iter().flat_map(|from| (from..base.len()).filter_map(|at| base.get(at)));
    let next = standing.find_map(|rule| {
        let stays = ruleset.removed_by(rule).is_none() && !session.owners.contains(&ruleset.owner(rule));
        stays.then(|| chain.rules().position(rule)).flatten()
    });
    let mut index = next.unwrap_or(chain.rules().len());
    // The run's own rules in front of that stand before this one or behind it as they did.
    while let Some(rule) = index.checked_sub(1).and_then(|before| chain.rules().get(before)) {
        if ruleset.added_by(rule).is_none() || !remembered.is_behind(&canonical(ruleset, rule), at) {
            break;
        }
        index -= 1;
    }
    Some(index)
}
