//! What changes in one table, as lines in the order in which they must stand.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::chain::{Addition, ChainPlan, Comparison, Deletion};
use super::keys::Keys;
use super::unit::Side;
use super::view::{self, ChainView, View};
use crate::model::TableName;
use crate::model::sequence::Sequence;

/// The chains of a table before and after.
pub(super) struct TablePlan<'r> {
    comparison: Comparison<'r>,
    /// The chains in the order of the target, then those that go.
    chains: Vec<Change<'r>>,
}

/// A chain before and after; one of the two is there.
#[derive(Clone, Copy)]
struct Change<'r> {
    base: Option<ChainView<'r>>,
    target: Option<ChainView<'r>>,
}

/// The lines of a table's block, by what they do.
#[derive(Default)]
struct Lines {
    policies: Vec<Vec<u8>>,
    new: Vec<Vec<u8>>,
    deleted: Vec<Vec<u8>>,
    added: Vec<Vec<u8>>,
    renamed: Vec<Vec<u8>>,
    removed: Vec<Vec<u8>>,
}

impl<'r> TablePlan<'r> {
    /// Pairs the chains of `table`.
    pub(super) fn new(base: View<'r>, target: View<'r>, table: TableName) -> Self {
        let before: Vec<ChainView<'r>> = base.chains(table).collect();
        let after: Vec<ChainView<'r>> = target.chains(table).collect();
        let by_name: FxHashMap<&str, ChainView<'r>> =
            before.iter().map(|chain| (chain.name, *chain)).collect();
        let renames = if base.is_of(target) { renames(&before, &after) } else { FxHashMap::default() };
        let old_name = |chain: &ChainView<'r>| renames.get(chain.name).copied().unwrap_or(chain.name);
        let pair = |chain: &ChainView<'r>| Change {
            base: by_name.get(old_name(chain)).copied(),
            target: Some(*chain),
        };
        let mut chains: Vec<Change<'r>> = after.iter().map(pair).collect();
        let stay: FxHashSet<&str> = after.iter().map(old_name).collect();
        let go = before.into_iter().filter(|chain| !stay.contains(chain.name));
        chains.extend(go.map(|chain| Change { base: Some(chain), target: None }));
        let keys = Keys::new(base.ruleset().family());
        let base = Side { view: base, renamed: FxHashMap::default() };
        let target = Side { view: target, renamed: renames };
        Self { comparison: Comparison { base, target, keys }, chains }
    }

    /// The lines between `*table` and `COMMIT`.
    pub(super) fn lines(mut self) -> Vec<Vec<u8>> {
        let mut lines = Lines::default();
        for change in std::mem::take(&mut self.chains) {
            self.chain(change, &mut lines);
        }
        let Lines { policies, new, deleted, added, renamed, removed } = lines;
        [policies, new, deleted, added, renamed, removed].concat()
    }

    fn chain(&mut self, change: Change<'r>, lines: &mut Lines) {
        let Change { base, target } = change;
        let Some(ChainView { name, is_builtin, .. }) = base.or(target) else { return };
        match (&base, &target) {
            (None, Some(_)) => lines.new.push(self.line(&["-N ", name])),
            (Some(_), None) => lines.removed.push(self.line(&["-X ", name])),
            (Some(base), Some(target)) => self.settle(base, target, lines),
            (None, None) => {}
        }
        if base.zip(target).is_some_and(|(base, target)| view::has_same_rules(&base, &target)) {
            return;
        }
        let none = Sequence::default();
        let rules = |chain: Option<ChainView<'r>>| chain.map_or(&none, |chain| chain.rules);
        let mut plan = self.comparison.plan(rules(base), rules(target));
        // Others may have put rules into a built-in chain meanwhile, and a single rule goes as easily by itself.
        plan.is_emptied &= !is_builtin && (target.is_none() || plan.deletions.len() > 1);
        self.rules(name, &plan, lines);
    }

    /// What changes in a chain that stays, its rules apart.
    fn settle(&self, base: &ChainView<'r>, target: &ChainView<'r>, lines: &mut Lines) {
        if base.name != target.name {
            lines.renamed.push(self.line(&["-E ", base.name, " ", target.name]));
        }
        let (before, after) = (view::policy_word(base.policy), view::policy_word(target.policy));
        if let Some(policy) = after.filter(|_| target.is_builtin && before != after) {
            lines.policies.push(self.line(&[":", target.name, " ", policy, " [0:0]"]));
        }
    }

    fn rules(&self, chain: &str, plan: &ChainPlan, lines: &mut Lines) {
        if plan.is_emptied {
            lines.deleted.push(self.line(&["-F ", chain]));
        } else {
            lines.deleted.extend(plan.deletions.iter().map(|deletion| match deletion {
                Deletion::Words(words) => self.line(&["-D ", chain, blank(words), words]),
                Deletion::Number(number) => self.line(&["-D ", chain, " ", &number.to_string()]),
            }));
        }
        lines.added.extend(plan.additions.iter().map(|Addition { number, words }| match number {
            Some(number) => self.line(&["-I ", chain, " ", &number.to_string(), blank(words), words]),
            None => self.line(&["-A ", chain, blank(words), words]),
        }));
    }

    /// A line of these pieces, as bytes.
    fn line(&self, pieces: &[&str]) -> Vec<u8> {
        let text = pieces.concat();
        // Either ruleset may hold bytes that are not UTF-8.
        match self.comparison.base.view.ruleset().source().original(&text) {
            Cow::Owned(bytes) => bytes,
            Cow::Borrowed(_) => self.comparison.target.view.ruleset().source().original(&text).into_owned(),
        }
    }
}

/// What stands before a specification, which may be empty.
const fn blank(words: &str) -> &'static str {
    if words.is_empty() { "" } else { " " }
}

/// The new names of chains that were renamed and nothing else, with their old ones. A name that belonged to another chain
/// before, or does so after, cannot change hands at a batch's end.
fn renames<'r>(before: &[ChainView<'r>], after: &[ChainView<'r>]) -> FxHashMap<&'r str, &'r str> {
    let old: FxHashMap<_, _> = before.iter().map(|chain| (chain.id, chain.name)).collect();
    let names = |chains: &[ChainView<'r>]| chains.iter().map(|chain| chain.name).collect::<FxHashSet<_>>();
    let (names_before, names_after) = (names(before), names(after));
    let renamed = after.iter().filter_map(|chain| Some((chain.name, *old.get(&chain.id)?)));
    renamed
        .filter(|(new, old)| new != old && !names_before.contains(new) && !names_after.contains(old))
        .collect()
}
