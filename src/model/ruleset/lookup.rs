//! Finding rules by what they are: those equal to a given one.

use std::borrow::Cow;
use std::cell::RefCell;
use std::hash::{BuildHasher, BuildHasherDefault};

use rustc_hash::{FxHashMap, FxHasher};

use super::Ruleset;
use crate::model::chain::ChainId;
use crate::model::equal;
use crate::model::owner;
use crate::model::rule::RuleId;

/// Chains up to this length are searched without an index.
const SHORT: usize = 16;

/// For each chain that was searched, its rules by the hash of their canonical form. A rule that was taken out may
/// linger; finding looks at the chain's order anyway.
#[derive(Clone, Debug, Default)]
pub(super) struct Equals(RefCell<FxHashMap<ChainId, FxHashMap<u64, Vec<RuleId>>>>);

fn hash(canonical: &str) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(canonical)
}

impl Ruleset {
    /// The canonical form of a rule without its owner's tag.
    #[must_use]
    pub fn untagged(&self, rule: RuleId) -> String {
        let canonical = equal::canonical(self.body(rule), self.family());
        match owner::untagged(&canonical, self.family()) {
            Cow::Owned(untagged) => untagged,
            Cow::Borrowed(_) => canonical.into_owned(),
        }
    }

    /// The indexes, from 0 and ascending, of the rules of `chain` whose canonical form, tags left out, is `canonical`.
    #[must_use]
    pub fn find_equal(&self, chain: ChainId, canonical: &str) -> Vec<usize> {
        let rules = self.chain(chain).rules();
        if rules.len() <= SHORT {
            let equal = |rule: &RuleId| self.is_equal(*rule, canonical);
            return rules
                .iter()
                .enumerate()
                .filter(|(_, rule)| equal(rule))
                .map(|(index, _)| index)
                .collect();
        }
        let mut indexes = self.equals.0.borrow_mut();
        let index = indexes.entry(chain).or_insert_with(|| self.index_equals(chain));
        let candidates = index.get(&hash(canonical)).map_or(&[][..], Vec::as_slice);
        let equal = candidates.iter().filter(|rule| self.is_equal(**rule, canonical));
        let mut found: Vec<usize> = equal.filter_map(|rule| rules.position(*rule)).collect();
        found.sort_unstable();
        found
    }

    fn is_equal(&self, rule: RuleId, canonical: &str) -> bool {
        self.untagged(rule) == canonical
    }

    fn index_equals(&self, chain: ChainId) -> FxHashMap<u64, Vec<RuleId>> {
        let mut index: FxHashMap<u64, Vec<RuleId>> = FxHashMap::default();
        for rule in self.chain(chain).rules().iter() {
            index.entry(hash(&self.untagged(rule))).or_default().push(rule);
        }
        index
    }

    /// Keeps the index of `chain`, if it has one, up to date with an added rule.
    pub(super) fn note_equal(&self, chain: ChainId, rule: RuleId) {
        if let Some(index) = self.equals.0.borrow_mut().get_mut(&chain) {
            index.entry(hash(&self.untagged(rule))).or_default().push(rule);
        }
    }
}
