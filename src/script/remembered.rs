//! The rules that earlier runs of the scripts' owners added to a chain, and where they stood.

use rustc_hash::FxHashMap;

use crate::model::{ChainId, RuleId, Ruleset, Symbol, equal, owner};

/// What earlier runs added to a chain.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    /// Places in the chain as it was read, by canonical form, ascending.
    places: FxHashMap<String, Vec<usize>>,
    /// For each such place the first rule behind it that is none of them.
    next: FxHashMap<usize, Option<usize>>,
}

impl Remembered {
    pub(super) fn of(ruleset: &Ruleset, id: ChainId, owners: &[Symbol]) -> Self {
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

    /// Where in the draft a rule belongs whose specification is `body`, if an earlier run of its owner added it: before what
    /// stood behind it then.
    pub(super) fn index(
        &self,
        ruleset: &Ruleset,
        id: ChainId,
        owners: &[Symbol],
        body: &str,
    ) -> Option<usize> {
        let form = equal::canonical(body, ruleset.family());
        let draft = Draft { ruleset, id, owners };
        let at = self.unclaimed(&draft, &form)?;
        let mut index = self.gap(&draft, at);
        // The run's own rules in front of that stand before this one or behind it as they did.
        while let Some(rule) = index.checked_sub(1).and_then(|before| draft.rule(before)) {
            if !draft.is_own(rule) || !self.is_behind(&canonical(ruleset, rule), at) {
                break;
            }
            index -= 1;
        }
        Some(index)
    }

    /// The first place of a rule of this form that no equal rule of the draft is to take.
    fn unclaimed(&self, draft: &Draft<'_>, form: &str) -> Option<usize> {
        let mut free: Vec<(usize, usize)> =
            self.places.get(form)?.iter().map(|at| (*at, self.gap(draft, *at))).collect();
        for index in draft.equal(form) {
            let latest = draft.gap(index);
            if let Some(claimed) = free.iter().position(|(_, gap)| *gap <= latest) {
                free.remove(claimed);
            }
        }
        free.first().map(|(at, _)| *at)
    }

    /// The index in the draft of what stood behind the place then and is no rule of the run's.
    fn gap(&self, draft: &Draft<'_>, at: usize) -> usize {
        let chain = draft.ruleset.chain(draft.id);
        let behind = self.next.get(&at).copied().flatten();
        let base = chain.base_rules();
        let mut standing =
            behind.into_iter().flat_map(|from| (from..base.len()).filter_map(|at| base.get(at)));
        let next = standing.find_map(|rule| {
            let stays = draft.ruleset.removed_by(rule).is_none()
                && !draft.owners.contains(&draft.ruleset.owner(rule));
            stays.then(|| chain.rules().position(rule)).flatten()
        });
        next.unwrap_or(chain.rules().len())
    }

    fn is_behind(&self, form: &str, at: usize) -> bool {
        self.places.get(form).and_then(|places| places.last()).is_some_and(|last| *last > at)
    }
}

/// A chain as the run has made it so far.
struct Draft<'r> {
    ruleset: &'r Ruleset,
    id: ChainId,
    owners: &'r [Symbol],
}

impl Draft<'_> {
    fn rule(&self, index: usize) -> Option<RuleId> {
        self.ruleset.chain(self.id).rules().get(index)
    }

    /// Whether the run added the rule.
    fn is_own(&self, rule: RuleId) -> bool {
        self.ruleset.added_by(rule).is_some() && self.owners.contains(&self.ruleset.owner(rule))
    }

    /// The indexes of the run's rules of this form.
    fn equal(&self, form: &str) -> impl Iterator<Item = usize> + '_ {
        let untagged = owner::untagged(form, self.ruleset.family());
        let equal = self.ruleset.find_equal(self.id, &untagged).into_iter();
        let form = form.to_owned();
        equal.filter(move |index| {
            let rule = self.rule(*index).filter(|rule| self.is_own(*rule));
            rule.is_some_and(|rule| canonical(self.ruleset, rule) == form)
        })
    }

    /// The index of the first rule behind `index` that is none of the run's.
    fn gap(&self, index: usize) -> usize {
        let length = self.ruleset.chain(self.id).rules().len();
        (index..length).find(|at| self.rule(*at).is_some_and(|rule| !self.is_own(rule))).unwrap_or(length)
    }
}

fn canonical(ruleset: &Ruleset, rule: RuleId) -> String {
    equal::canonical(ruleset.body(rule), ruleset.family()).into_owned()
}
