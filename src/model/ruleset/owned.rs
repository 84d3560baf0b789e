//! Rules that carry an owner's tag: telling them, setting them aside, and putting a chain in its order.

use super::Ruleset;
use crate::model::chain::ChainId;
use crate::model::edit::{EditId, Origin};
use crate::model::owner;
use crate::model::rule::RuleId;
use crate::model::sequence::Sequence;
use crate::model::symbol::Symbol;

impl Ruleset {
    /// Learns which of the rules that were read carry an owner's tag; until then they count as untagged.
    pub fn read_owners(&mut self) {
        if !owner::may_tag(self.source.text()) {
            return;
        }
        for index in 0..self.records.len() {
            let rule = RuleId::new(u32::try_from(index).unwrap_or(u32::MAX));
            if let Some(name) = owner::of(self.body(rule), self.family) {
                let name = self.symbols.intern(&name);
                self.owners.insert(rule, name);
            }
        }
    }

    /// Takes a rule without a tag for an owner's, as if it had been read with that tag.
    pub fn adopt(&mut self, rule: RuleId, owner: &str) {
        let owner = self.symbols.intern(owner);
        self.owners.insert(rule, owner);
        self.adopted.insert(rule);
    }

    /// Whether a rule was taken for an owner's, and carries no tag.
    #[must_use]
    pub fn is_adopted(&self, rule: RuleId) -> bool {
        self.adopted.contains(&rule)
    }

    /// Gives an adopted rule back to nobody.
    pub fn disown(&mut self, rule: RuleId) {
        self.owners.remove(&rule);
        self.adopted.remove(&rule);
    }

    /// The symbol of an owner's name.
    pub fn owner_symbol(&mut self, name: &str) -> Symbol {
        self.symbols.intern(name)
    }

    /// The owner of a rule; the empty symbol where it carries no tag.
    #[must_use]
    pub fn owner(&self, rule: RuleId) -> Symbol {
        let read = if self.is_rewritten(rule) { self.replaced(rule).unwrap_or(rule) } else { rule };
        match self.owners.get(&read) {
            Some(owner) => *owner,
            None if self.is_rewritten(rule) => Symbol::EMPTY,
            None => self.origin(rule).map_or(Symbol::EMPTY, |origin| origin.owner),
        }
    }

    /// Whether any rule that was read carries the tag of an owner who is none of these.
    #[must_use]
    pub fn has_owners_beside(&self, owners: &[Symbol]) -> bool {
        self.owners.values().any(|owner| !owners.contains(owner))
    }

    /// The owners of the rules that were read, by name and without repetition.
    #[must_use]
    pub fn owner_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.owners.values().map(|owner| self.symbols.name(*owner)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Takes the rules of these owners out of their chains, as if they had never been added. They are still among a
    /// chain's [`base_rules`](crate::model::Chain::base_rules); [`Ruleset::arrange`] says what becomes of them.
    pub fn set_aside(&mut self, owners: &[Symbol]) {
        let mut chains: Vec<ChainId> = Vec::new();
        for (rule, owner) in &self.owners {
            if owners.contains(owner)
                && let Some(chain) = self.rule_chain(*rule)
            {
                chains.push(chain);
            }
        }
        chains.sort_unstable();
        chains.dedup();
        for chain in chains {
            let rules = self.chain(chain).rules().iter();
            let others = rules.filter(|rule| !owners.contains(&self.owner(*rule)));
            let others = Sequence::of(others.map(|rule| (rule, self.target(rule))));
            if let Some(chain) = self.touch(chain) {
                chain.rules = others;
            }
        }
    }

    /// Gives a chain these rules in this order. Those that were added and are not among them are as if they had never
    /// been; what was read and is not among them is to be told by [`Ruleset::take_out`].
    pub fn arrange(&mut self, chain: ChainId, rules: &[RuleId]) {
        let rules = Sequence::of(rules.iter().map(|rule| (*rule, self.target(*rule))));
        if let Some(chain) = self.touch(chain) {
            chain.rules = rules;
        }
    }

    /// Notes that `edit` took a rule out that was read and is in no chain any more.
    pub fn take_out(&mut self, rule: RuleId, edit: EditId) {
        self.removed.insert(rule, edit);
    }

    /// Notes that `edit` asked for a rule that was there already.
    pub fn ensure(&mut self, rule: RuleId, edit: EditId) {
        self.ensured.insert(rule, edit);
    }

    /// The edit that asked for a rule that was there already.
    #[must_use]
    pub fn ensured_by(&self, rule: RuleId) -> Option<EditId> {
        self.ensured.get(&rule).copied()
    }

    /// The script line that asked for a rule, whether that added it or found it there.
    #[must_use]
    pub fn asked_by(&self, rule: RuleId) -> Option<&Origin> {
        let edit = self.added_by(rule).or_else(|| self.ensured_by(rule))?;
        self.edit(edit).map(|edit| &edit.origin)
    }
}
