//! All that changes a ruleset.
//!
//! An edit begins with [`Ruleset::begin`], which logs it with its origin; what it does is then told by the methods
//! that take its [`EditId`].

use super::Ruleset;
use crate::model::chain::{Chain, ChainId, Policy};
use crate::model::edit::{Edit, EditError, EditId, EditKind, Origin};
use crate::model::jump;
use crate::model::names::{ChainName, TableName};
use crate::model::rule::{Buffer, NewRule, Record, RuleId};
use crate::model::symbol::Symbol;
use crate::source::Span;

impl Ruleset {
    /// Logs an edit of `chain`; what it does follows.
    ///
    /// # Errors
    /// [`EditError::Incomplete`] when the dump that was read lacks a table.
    pub fn begin(&mut self, kind: EditKind, chain: ChainId, origin: Origin) -> Result<EditId, EditError> {
        let (table, name) = (self.chain(chain).table(), self.chain(chain).name());
        self.log(Edit { kind, table, chain: name, origin })
    }

    fn log(&mut self, edit: Edit) -> Result<EditId, EditError> {
        if let Some(line) = &self.incomplete {
            return Err(EditError::Incomplete(line.clone()));
        }
        self.edits.push(edit);
        Ok(EditId::new(self.edits.len() - 1))
    }

    /// The chain of `table` called `name`.
    ///
    /// # Errors
    /// [`EditError::NoSuchChain`].
    pub fn require_chain(&self, table: TableName, name: &str) -> Result<ChainId, EditError> {
        self.chain_id(table, name).ok_or_else(|| EditError::NoSuchChain { table, name: name.to_owned() })
    }

    /// Puts `rule` before the rule at `index` (from 0) of `chain`, or last where `index` is beyond the end.
    pub fn insert_rule(&mut self, edit: EditId, chain: ChainId, index: usize, rule: NewRule) -> RuleId {
        let text = self.push_text(&rule.body);
        let record = self.new_record(edit, chain, Buffer::Added, text, 0);
        let id = self.push_record(record);
        if !rule.notes.is_empty() {
            self.notes.insert(id, rule.notes);
        }
        self.place(chain, index, id);
        id
    }

    /// Takes out the rule at `index` (from 0) of `chain`.
    pub fn remove_rule(&mut self, edit: EditId, chain: ChainId, index: usize) -> Option<RuleId> {
        let removed = self.touch(chain)?.rules.remove(index)?;
        self.take_out(removed, edit);
        Some(removed)
    }

    /// Puts `rule` in the place of the rule at `index` (from 0) of `chain`.
    pub fn replace_rule(
        &mut self,
        edit: EditId,
        chain: ChainId,
        index: usize,
        rule: NewRule,
    ) -> Option<RuleId> {
        let old = self.remove_rule(edit, chain, index)?;
        let new = self.insert_rule(edit, chain, index, rule);
        self.stands_for(new, old);
        Some(new)
    }

    /// Takes out all rules of `chain`.
    pub fn flush(&mut self, edit: EditId, chain: ChainId) {
        let Some(touched) = self.touch(chain) else { return };
        let rules = std::mem::take(&mut touched.rules);
        rules.iter().for_each(|rule| self.take_out(rule, edit));
    }

    /// Sets the policy of a built-in chain.
    ///
    /// # Errors
    /// [`EditError::PolicyOnUserChain`]; [`EditError::Incomplete`] as for [`Ruleset::begin`].
    pub fn set_policy(
        &mut self,
        chain: ChainId,
        policy: Policy,
        origin: Origin,
    ) -> Result<EditId, EditError> {
        if self.chain(chain).hook().is_none() {
            return Err(EditError::PolicyOnUserChain { name: self.chain_name(chain).to_owned() });
        }
        let edit = self.begin(EditKind::SetPolicy(policy), chain, origin)?;
        if self.chain(chain).policy() != policy
            && let Some(chain) = self.touch(chain)
        {
            chain.policy = policy;
            chain.policy_edit = Some(edit);
        }
        Ok(edit)
    }

    /// Creates a user chain; that it exists already is fine.
    ///
    /// # Errors
    /// [`EditError::Incomplete`] as for [`Ruleset::begin`].
    pub fn new_chain(
        &mut self,
        table: TableName,
        name: &ChainName,
        origin: Origin,
    ) -> Result<ChainId, EditError> {
        let symbol = self.symbols.intern(name.as_str());
        let edit = self.log(Edit { kind: EditKind::NewChain, table, chain: symbol, origin })?;
        if let Some(existing) = self.table(table).chain(symbol) {
            return Ok(existing);
        }
        if let Some(id) = self.revived(table, symbol) {
            return Ok(id);
        }
        let id = self.push_chain(table, symbol);
        if let Some(chain) = self.chains.get_mut(id.index()) {
            chain.created = Some(edit);
        }
        Ok(id)
    }

    /// The chain that had this name until it was removed, made anew without rules.
    fn revived(&mut self, table: TableName, name: Symbol) -> Option<ChainId> {
        let gone = |id: &&ChainId| self.chain(**id).name() == name && self.chain(**id).removed().is_some();
        let id = *self.table(table).chains().iter().rev().find(gone)?;
        self.touch(id)?.removed = None;
        self.table_mut(table).index.insert(name, id);
        Some(id)
    }

    /// Removes a user chain with its rules; that it is not there is fine. Jumps to it stay, for the check to find.
    ///
    /// # Errors
    /// [`EditError::BuiltIn`]; [`EditError::Incomplete`] as for [`Ruleset::begin`].
    pub fn remove_chain(&mut self, table: TableName, name: &str, origin: Origin) -> Result<(), EditError> {
        let symbol = self.symbols.intern(name);
        let Some(id) = self.table(table).chain(symbol) else { return Ok(()) };
        self.refuse_builtin(id, "removed")?;
        let edit = self.log(Edit { kind: EditKind::RemoveChain, table, chain: symbol, origin })?;
        self.flush(edit, id);
        if let Some(chain) = self.touch(id) {
            chain.removed = Some(edit);
        }
        self.table_mut(table).index.remove(&symbol);
        Ok(())
    }

    /// Gives a user chain another name, in the jumps to it too; that only the new name exists is fine.
    ///
    /// # Errors
    /// [`EditError::NoSuchChain`], [`EditError::BuiltIn`], [`EditError::ChainExists`] when both exist, [`EditError::Commands`];
    /// [`EditError::Incomplete`] as for [`Ruleset::begin`].
    pub fn rename_chain(
        &mut self,
        table: TableName,
        from: &str,
        to: &ChainName,
        origin: Origin,
    ) -> Result<(), EditError> {
        let target = self.chain_id(table, to.as_str());
        let id = match (self.chain_id(table, from), target) {
            (None, Some(_)) => return Ok(()),
            (Some(id), Some(other)) if id == other => return Ok(()),
            (Some(_), Some(_)) => return Err(EditError::ChainExists { table, name: to.as_str().to_owned() }),
            (Some(id), None) => id,
            (None, None) => return Err(EditError::NoSuchChain { table, name: from.to_owned() }),
        };
        self.refuse_builtin(id, "renamed")?;
        if self.live_chains(table).any(|chain| self.chain(chain).has_commands()) {
            return Err(EditError::Commands { name: from.to_owned() });
        }
        let new = self.symbols.intern(to.as_str());
        let edit = self.begin(EditKind::RenameChain(new), id, origin)?;
        let old = self.chain(id).name();
        if let Some(chain) = self.touch(id) {
            chain.name = new;
            chain.name_edit = Some(edit);
        }
        let table = self.table_mut(table);
        table.index.remove(&old);
        table.index.insert(new, id);
        let name = table.name;
        self.rename_in_rules(edit, name, id, old, new);
        Ok(())
    }

    fn refuse_builtin(&self, id: ChainId, what: &'static str) -> Result<(), EditError> {
        let chain = self.chain(id);
        match chain.hook() {
            Some(_) => {
                Err(EditError::BuiltIn { table: chain.table(), name: self.chain_name(id).to_owned(), what })
            }
            None => Ok(()),
        }
    }

    /// Rewrites the rules of the renamed chain `id` and those that jump to it.
    fn rename_in_rules(&mut self, edit: EditId, table: TableName, id: ChainId, old: Symbol, new: Symbol) {
        let chains: Vec<ChainId> = self.live_chains(table).collect();
        for chain in chains {
            let rules = self.chain(chain).rules().clone();
            for (index, rule) in rules.iter().enumerate() {
                if chain == id || self.target(rule) == old {
                    self.rewrite(edit, chain, index, rule, (old, new));
                }
            }
        }
    }

    fn rewrite(&mut self, edit: EditId, chain: ChainId, index: usize, rule: RuleId, names: (Symbol, Symbol)) {
        let (old, new) = names;
        let Some(record) = self.record(rule).copied() else { return };
        let mut body = self.body(rule).to_owned();
        if record.target == old
            && let Some(range) = jump::find(&body).map(|jump| jump.range)
        {
            body.replace_range(range, self.symbols.name(new));
        }
        let prefix = self.counters(rule).map(|counters| [counters, " "].concat()).unwrap_or_default();
        let head = [&prefix, "-A ", self.chain_name(chain), " "].concat();
        let added = record.buffer == Buffer::Added;
        let text = self.push_text(&if added { body } else { [head.as_str(), &body].concat() });
        let start = if added { 0 } else { offset(head.len()) };
        let buffer = if added { Buffer::Added } else { Buffer::Rewritten };
        let origin = if added { record.edit.unwrap_or(edit) } else { edit };
        let fresh = self.new_record(origin, chain, buffer, text, start);
        let fresh = self.push_record(fresh);
        if let Some(notes) = self.notes.get(&rule).cloned() {
            self.notes.insert(fresh, notes);
        }
        if let Some(touched) = self.touch(chain) {
            touched.rules.remove(index);
        }
        self.take_out(rule, edit);
        self.place(chain, index, fresh);
        self.stands_for(fresh, rule);
    }

    /// The chain, its state before the first edit kept.
    pub(super) fn touch(&mut self, id: ChainId) -> Option<&mut Chain> {
        let chain = self.chains.get_mut(id.index())?;
        chain.keep_base();
        Some(chain)
    }

    fn place(&mut self, chain: ChainId, index: usize, rule: RuleId) {
        let target = self.target(rule);
        if let Some(chain) = self.touch(chain) {
            chain.rules.insert(index, rule, target);
        }
        self.note_equal(chain, rule);
    }

    /// Remembers that `new` stands where `old` stood: in the place of the read rule that `old` stood for, if any.
    pub fn stands_for(&mut self, new: RuleId, old: RuleId) {
        let read = self.replaces.get(&old).copied().or_else(|| self.span(old).map(|_| old));
        if let Some(read) = read {
            self.replaces.insert(new, read);
        }
    }

    fn push_text(&mut self, text: &str) -> Span {
        let start = offset(self.added.len());
        self.added.push_str(text);
        Span::new(start, offset(self.added.len()))
    }

    fn new_record(&mut self, edit: EditId, chain: ChainId, buffer: Buffer, text: Span, body: u32) -> Record {
        let spec = self.added.get(text.start as usize + body as usize..).unwrap_or_default();
        let jump = jump::find(spec);
        let goto = jump.as_ref().is_some_and(|jump| jump.goto);
        let target = jump.map_or(Symbol::EMPTY, |jump| self.symbols.intern(&jump.name));
        Record { text, body, chain, target, edit: Some(edit), buffer, goto }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "scripts are bounded in memory far below 4 GiB")]
const fn offset(at: usize) -> u32 {
    at as u32
}
