//! A chain between what was read and what the scripts made of it: which rules stay, which places a run's rules may take.
//!
//! Places are numbers: 2, 4, 6… for the rules that were read, in their order; a rule without a remembered place stands behind the
//! read rule in front of it, and has its number.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::session::Anchor;
use crate::docker::Owned;
use crate::model::{ChainId, EditId, RuleId, Ruleset, equal, owner};

/// What becomes of a chain.
#[derive(Default)]
pub(super) struct Plan {
    /// Its rules.
    pub(super) rules: Vec<RuleId>,
    /// Read rules that stay, and the edits that asked for them.
    pub(super) ensured: Vec<(RuleId, EditId)>,
    /// Added rules that stand in the place of a read one, which goes.
    pub(super) replaced: Vec<(RuleId, RuleId, EditId)>,
    /// Read rules that go as they come again elsewhere, or with their chain.
    pub(super) moved: Vec<(RuleId, EditId)>,
    /// Rules without a tag that were taken for remembered ones and are nobody's after all.
    pub(super) disowned: Vec<RuleId>,
    /// Remembered rules that the run did not add again.
    pub(super) pruned: Vec<RuleId>,
}

/// A rule of this run, in the order of the fresh run.
struct Fresh {
    rule: RuleId,
    edit: EditId,
    /// The place of the read rule in front of it.
    low: usize,
    /// The last place that it may stand at.
    high: usize,
    /// The last place that lies before it in the order of the chain: that of its anchor, where it goes behind one.
    after: usize,
}

/// A place that an equal rule was read at.
struct Candidate {
    at: usize,
    rule: RuleId,
    /// Whether it carries the tag already.
    tagged: bool,
}

/// A chain: what was read and stays, what the run adds, and what it may stand for.
pub(super) struct Board<'r> {
    ruleset: &'r Ruleset,
    chain: ChainId,
    /// The read rules that the draft holds, as they are now, with their places.
    survivors: Vec<(usize, RuleId)>,
    /// The places of those among them that no owner has.
    untagged: Vec<usize>,
    fresh: Vec<Fresh>,
    /// Equal rules that were read, by their canonical form with the tag, each list in the order of the chain.
    candidates: FxHashMap<Cow<'r, str>, Vec<Candidate>>,
}

impl<'r> Board<'r> {
    pub(super) fn new(
        ruleset: &'r Ruleset,
        chain: ChainId,
        read: &[RuleId],
        anchors: &FxHashMap<EditId, Anchor>,
    ) -> Self {
        let places: FxHashMap<RuleId, usize> =
            (1..).zip(read).map(|(at, rule): (usize, _)| (*rule, 2 * at)).collect();
        let place = |rule: RuleId| {
            let read = if ruleset.is_rewritten(rule) { ruleset.replaced(rule) } else { Some(rule) };
            read.and_then(|read| places.get(&read)).copied()
        };
        let mut board = Self {
            ruleset,
            chain,
            survivors: Vec::new(),
            untagged: Vec::new(),
            fresh: Vec::new(),
            candidates: FxHashMap::default(),
        };
        let mut low = 0;
        for rule in ruleset.chain(chain).rules().iter() {
            if let Some(at) = place(rule) {
                low = at;
                board.survivors.push((at, rule));
                if ruleset.owner(rule).is_empty() {
                    board.untagged.push(at);
                }
            } else if let Some(edit) = ruleset.added_by(rule) {
                board.fresh.push(Fresh { rule, edit, low, high: usize::MAX, after: 0 });
            }
        }
        board.bound(anchors);
        board
    }

    /// Whether the run adds no rule.
    pub(super) const fn is_empty(&self) -> bool {
        self.fresh.is_empty()
    }

    /// Says of each rule of the run between which places it may stand.
    fn bound(&mut self, anchors: &FxHashMap<EditId, Anchor>) {
        let standing: FxHashMap<RuleId, usize> =
            self.survivors.iter().map(|(at, rule)| (*rule, *at)).collect();
        let mut least = usize::MAX;
        for index in (0..self.fresh.len()).rev() {
            let Some((low, edit)) = self.fresh.get(index).map(|fresh| (fresh.low, fresh.edit)) else {
                continue;
            };
            let mut high = self.next_untagged(low);
            let mut after = 0;
            match anchors.get(&edit) {
                Some(Anchor::Before(rule)) => {
                    high = high.min(standing.get(rule).copied().unwrap_or(usize::MAX));
                }
                Some(Anchor::After(rule)) => after = standing.get(rule).copied().unwrap_or(0),
                Some(Anchor::Remembered) | None => {}
            }
            // A rule that stood later than the next one may would push that across its own bounds.
            least = least.min(high);
            if let Some(fresh) = self.fresh.get_mut(index) {
                (fresh.high, fresh.after) = (least, after);
            }
        }
    }

    /// The place of the first read rule without an owner behind `at`.
    fn next_untagged(&self, at: usize) -> usize {
        let index = self.untagged.partition_point(|other| *other <= at);
        self.untagged.get(index).copied().unwrap_or(usize::MAX)
    }

    /// The canonical form of a rule; what scripts added is in it already.
    fn canonical(&self, rule: RuleId) -> Cow<'r, str> {
        let ruleset = self.ruleset;
        if ruleset.added_by(rule).is_some() && !ruleset.is_rewritten(rule) {
            return Cow::Borrowed(ruleset.body(rule));
        }
        equal::canonical(ruleset.body(rule), ruleset.family())
    }

    fn offer(&mut self, form: Cow<'r, str>, at: usize, rule: RuleId, tagged: bool) {
        self.candidates.entry(form).or_default().push(Candidate { at, rule, tagged });
    }

    /// Takes in the rules that were set aside.
    pub(super) fn remember(&mut self, remembered: &[(usize, RuleId)]) {
        for (at, rule) in remembered {
            let form = self.canonical(*rule);
            if self.ruleset.is_adopted(*rule) {
                let owner = self.ruleset.symbols().name(self.ruleset.owner(*rule));
                let tagged = owner::tagged(&form, self.ruleset.family(), owner).text;
                self.offer(Cow::Owned(tagged), *at, *rule, false);
            } else {
                self.offer(form, *at, *rule, true);
            }
        }
    }

    /// Gives rules that replaced what is gone the places that no other equal rule of the run takes. While the scripts ran it
    /// could not be told which those are.
    pub(super) fn land(&mut self, anchors: &FxHashMap<EditId, Anchor>) {
        let lands = |fresh: &Fresh| anchors.get(&fresh.edit) == Some(&Anchor::Remembered);
        if !self.fresh.iter().any(lands) {
            return;
        }
        let (landing, fixed): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.fresh).into_iter().enumerate().partition(|(_, fresh)| lands(fresh));
        let before = landing.iter().enumerate().map(|(nth, (index, _))| index - nth).collect::<Vec<_>>();
        self.fresh = fixed.into_iter().map(|(_, fresh)| fresh).collect();
        self.bound(anchors);
        let mut claimed: FxHashSet<usize> = FxHashSet::default();
        let mut order: Vec<usize> = Vec::with_capacity(self.fresh.len());
        let mut last = 0;
        for fresh in &self.fresh {
            let fits = |at: usize| at > last.max(fresh.after) && at <= fresh.high;
            last = self.claim(fresh.rule, &mut claimed, fits).unwrap_or(last.max(fresh.low));
            order.push(last);
        }
        for ((_, mut fresh), before) in landing.into_iter().zip(before) {
            let place = self.claim(fresh.rule, &mut claimed, |_| true);
            let index = place.map_or(before, |place| order.partition_point(|other| *other < place));
            if let Some(place) = place {
                let read = self.survivors.partition_point(|(at, _)| *at < place);
                let last = read.checked_sub(1).and_then(|last| self.survivors.get(last));
                fresh.low = last.map_or(0, |(at, _)| *at);
            }
            let index = index.min(self.fresh.len());
            order.insert(index, place.unwrap_or(fresh.low));
            self.fresh.insert(index, fresh);
        }
        self.bound(anchors);
    }

    /// Takes the first place of an equal rule that is free and fits.
    fn claim(
        &self,
        rule: RuleId,
        claimed: &mut FxHashSet<usize>,
        fits: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let candidates = self.candidates.get(&self.canonical(rule))?.iter().map(|candidate| candidate.at);
        let place = candidates.into_iter().find(|at| fits(*at) && !claimed.contains(at))?;
        claimed.insert(place);
        Some(place)
    }

    /// Takes in the read rules that are equal and not Docker's, for a run without tags.
    pub(super) fn take_in_untagged(&mut self) {
        let wanted: FxHashSet<Cow<'_, str>> =
            self.fresh.iter().map(|fresh| self.canonical(fresh.rule)).collect();
        let owned = Owned::of_base(self.ruleset);
        let mut found = Vec::new();
        for (at, rule) in &self.survivors {
            if !self.ruleset.owner(*rule).is_empty() {
                continue;
            }
            let form = self.canonical(*rule);
            if wanted.contains(&form) && !owned.is_docker(self.chain, *rule) {
                found.push((form, *at, *rule));
            }
        }
        for (form, at, rule) in found {
            self.offer(form, at, rule, false);
        }
    }

    /// The order of the chain where tags tell the run's rules.
    pub(super) fn settle(mut self, remembered: &[(usize, RuleId)], kept_name: bool) -> Plan {
        let mut plan = Plan::default();
        let mut taken: FxHashSet<RuleId> = FxHashSet::default();
        let mut placed: Vec<(usize, RuleId)> = Vec::with_capacity(self.fresh.len());
        let mut homeless: Vec<(RuleId, EditId)> = Vec::new();
        let mut last = 0;
        for fresh in std::mem::take(&mut self.fresh) {
            let form = self.canonical(fresh.rule);
            let candidates = self.candidates.get(&form).map_or(&[][..], Vec::as_slice);
            let from = candidates.partition_point(|candidate| candidate.at <= last.max(fresh.after));
            // Places only ascend, so that the next one is free.
            if let Some(candidate) = candidates.get(from).filter(|candidate| candidate.at <= fresh.high) {
                taken.insert(candidate.rule);
                last = candidate.at;
                if candidate.tagged && kept_name {
                    plan.ensured.push((candidate.rule, fresh.edit));
                    placed.push((last, candidate.rule));
                } else {
                    plan.replaced.push((fresh.rule, candidate.rule, fresh.edit));
                    placed.push((last, fresh.rule));
                }
                continue;
            }
            last = last.max(fresh.low);
            placed.push((last, fresh.rule));
            homeless.push((fresh.rule, fresh.edit));
        }
        self.move_equals(homeless, &mut taken, &mut plan);
        for (at, rule) in remembered.iter().filter(|(_, rule)| !taken.contains(rule)) {
            if self.ruleset.is_adopted(*rule) {
                plan.disowned.push(*rule);
                self.survivors.push((*at, *rule));
            } else {
                plan.pruned.push(*rule);
            }
        }
        if !plan.disowned.is_empty() {
            self.survivors.sort_unstable();
        }
        plan.rules = merged(&self.survivors, &placed, &taken);
        plan
    }

    /// What is left of equal rules moves to the places of those that found none.
    fn move_equals(
        &mut self,
        homeless: Vec<(RuleId, EditId)>,
        taken: &mut FxHashSet<RuleId>,
        plan: &mut Plan,
    ) {
        let mut cursors: FxHashMap<Cow<'_, str>, usize> = FxHashMap::default();
        for (rule, edit) in homeless {
            let form = self.canonical(rule);
            let Some(candidates) = self.candidates.get(&form) else { continue };
            let cursor = cursors.entry(form).or_default();
            while let Some(candidate) = candidates.get(*cursor) {
                *cursor += 1;
                if taken.insert(candidate.rule) {
                    plan.moved.push((candidate.rule, edit));
                    break;
                }
            }
        }
    }

    /// The order of the chain where nothing tells the run's rules from others.
    pub(super) fn untagged(mut self) -> Plan {
        let mut plan = Plan::default();
        let mut placed: Vec<(usize, RuleId)> = Vec::new();
        let mut last = 0;
        for fresh in std::mem::take(&mut self.fresh) {
            let at = last.max(fresh.low);
            let limit = self.next_untagged(at);
            let candidates = self.candidates.get(&self.canonical(fresh.rule)).map_or(&[][..], Vec::as_slice);
            let next = candidates.partition_point(|candidate| candidate.at <= last);
            let standing = candidates.get(next).filter(|candidate| candidate.at <= limit);
            if let Some(candidate) = standing.or(candidates.first().filter(|candidate| candidate.at <= limit))
            {
                last = last.max(candidate.at);
                plan.ensured.push((candidate.rule, fresh.edit));
                continue;
            }
            last = at;
            placed.push((at, fresh.rule));
        }
        plan.rules = merged(&self.survivors, &placed, &FxHashSet::default());
        plan
    }
}

/// What was read and stays, and the run's rules, each behind the read rule of its place.
fn merged(
    survivors: &[(usize, RuleId)],
    placed: &[(usize, RuleId)],
    taken: &FxHashSet<RuleId>,
) -> Vec<RuleId> {
    let mut rules = Vec::with_capacity(survivors.len() + placed.len());
    let mut read = survivors.iter().peekable();
    let stays = |rule: &RuleId| !taken.contains(rule);
    for (at, rule) in placed {
        while let Some((_, before)) = read.next_if(|(place, _)| place <= at) {
            rules.extend(Some(*before).filter(stays));
        }
        rules.push(*rule);
    }
    rules.extend(read.map(|(_, rule)| *rule).filter(stays));
    rules
}
