//! Finding rules by what they are: those equal to a given one.

use std::cell::RefCell;
use std::hash::{BuildHasher, BuildHasherDefault};

use rustc_hash::{FxHashMap, FxHasher};

use super::Ruleset;
use crate::model::chain::ChainId;
use crate::model::equal;
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
    /// The indexes, from 0 and ascending, of the rules of `chain` whose canonical form is `canonical`.
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
        equal::canonical(self.body(rule), self.family()) == canonical
    }

    fn index_equals(&self, chain: ChainId) -> FxHashMap<u64, Vec<RuleId>> {
        let mut index: FxHashMap<u64, Vec<RuleId>> = FxHashMap::default();
        for rule in self.chain(chain).rules().iter() {
            index.entry(hash(&equal::canonical(self.body(rule), self.family()))).or_default().push(rule);
        }
        index
    }

    /// Keeps the index of `chain`, if it has one, up to date with an added rule.
    pub(super) fn note_equal(&self, chain: ChainId, rule: RuleId) {
        if let Some(index) = self.equals.0.borrow_mut().get_mut(&chain) {
            let canonical = equal::canonical(self.body(rule), self.family());
            index.entry(hash(&canonical)).or_default().push(rule);
        }
    }
}
