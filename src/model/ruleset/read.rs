//! Reading a ruleset.

use std::borrow::Cow;
use std::sync::Arc;

use std::sync::LazyLock;

use super::Ruleset;
use crate::model::Family;
use crate::model::chain::{Chain, ChainId, Policy};
use crate::model::edit::{Edit, EditId, Origin};
use crate::model::fault::Fault;
use crate::model::names::{Hook, TableName};
use crate::model::rule::{Buffer, Record, RuleId};
use crate::model::symbol::{Symbol, Symbols};
use crate::model::table::Table;
use crate::source::{SourceFile, Span};

/// What stands in for a chain that a ruleset does not have; identifiers of one ruleset are never of another.
static NO_CHAIN: LazyLock<Chain> = LazyLock::new(|| Chain::new(TableName::Filter, Symbol::EMPTY, None));

impl Ruleset {
    /// The family it is of.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The text it was read from.
    #[must_use]
    pub const fn source(&self) -> &Arc<SourceFile> {
        &self.source
    }

    /// The names of its chains and targets.
    #[must_use]
    pub const fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The tables that the text names, in its order, then those that scripts began, in the order of the edits: a second
    /// run on what the first one printed finds them so.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        let mut begun = Vec::new();
        for table in self.edits.iter().map(|edit| edit.table) {
            if !self.order.contains(&table) && !begun.contains(&table) {
                begun.push(table);
            }
        }
        begun.retain(|table| self.is_table_edited(*table));
        self.order.iter().copied().chain(begun).map(|name| self.table(name))
    }

    /// A table; all five exist, whether the text names them or not.
    #[must_use]
    pub fn table(&self, name: TableName) -> &Table {
        let [raw, mangle, nat, filter, security] = &self.tables;
        match name {
            TableName::Raw => raw,
            TableName::Mangle => mangle,
            TableName::Nat => nat,
            TableName::Filter => filter,
            TableName::Security => security,
        }
    }

    pub(super) fn table_mut(&mut self, name: TableName) -> &mut Table {
        let [raw, mangle, nat, filter, security] = &mut self.tables;
        match name {
            TableName::Raw => raw,
            TableName::Mangle => mangle,
            TableName::Nat => nat,
            TableName::Filter => filter,
            TableName::Security => security,
        }
    }

    /// Whether a script changed anything in the table.
    #[must_use]
    pub fn is_table_edited(&self, name: TableName) -> bool {
        self.table(name).chains().iter().any(|id| {
            let chain = self.chain(*id);
            chain.base().is_some() || chain.created().is_some() || chain.removed().is_some()
        })
    }

    /// The chain of `table` called `name`; built-in chains are there whether the text declares them or not.
    #[must_use]
    pub fn chain_id(&self, table: TableName, name: &str) -> Option<ChainId> {
        self.table(table).chain(self.symbols.get(name)?)
    }

    /// The built-in chain of `table` at `hook`.
    #[must_use]
    pub fn builtin(&self, table: TableName, hook: Hook) -> Option<ChainId> {
        self.chain_id(table, hook.as_str())
    }

    /// A chain.
    #[must_use]
    pub fn chain(&self, id: ChainId) -> &Chain {
        self.chains.get(id.index()).unwrap_or(&NO_CHAIN)
    }

    /// How many chains there are and were, those of all tables, removed ones included.
    #[must_use]
    pub fn chain_count(&self) -> usize {
        self.chains.len()
    }

    /// A chain's name.
    #[must_use]
    pub fn chain_name(&self, id: ChainId) -> &str {
        self.symbols.name(self.chain(id).name())
    }

    /// A chain's policy as its `:` line says it; `-` for a user chain.
    #[must_use]
    pub fn policy_word(&self, id: ChainId) -> &str {
        match self.chain(id).policy() {
            Policy::Accept => "ACCEPT",
            Policy::Drop => "DROP",
            Policy::None => "-",
            Policy::Other(word) => self.symbols.name(word),
        }
    }

    /// The chains of `table` that exist, in order of appearance.
    pub fn live_chains(&self, table: TableName) -> impl Iterator<Item = ChainId> + '_ {
        self.table(table).chains().iter().copied().filter(|id| self.chain(*id).removed().is_none())
    }

    /// What was done to the ruleset, in order.
    #[must_use]
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// An edit.
    #[must_use]
    pub fn edit(&self, id: EditId) -> Option<&Edit> {
        self.edits.get(id.index())
    }

    /// What is wrong with the text that was read.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The line in which the dump says that it lacks a table.
    #[must_use]
    pub fn incomplete(&self) -> Option<&str> {
        self.incomplete.as_deref()
    }

    /// How many rules there are and were, removed ones included.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.records.len()
    }

    /// Every rule there is or was, in the order in which they came.
    #[expect(clippy::cast_possible_truncation, reason = "rules come from texts under 4 GiB")]
    pub(crate) fn rules_ever(&self) -> impl Iterator<Item = RuleId> {
        (0..self.records.len() as u32).map(RuleId::new)
    }

    pub(super) fn record(&self, rule: RuleId) -> Option<&Record> {
        self.records.get(rule.index())
    }

    fn record_text(&self, record: &Record) -> &str {
        match record.buffer {
            Buffer::Source | Buffer::Irregular => self.source.slice(record.text),
            Buffer::Added | Buffer::Rewritten => self.added.get(record.text.range()).unwrap_or_default(),
        }
    }

    /// The chain that a rule is in, or was in.
    #[must_use]
    pub fn rule_chain(&self, rule: RuleId) -> Option<ChainId> {
        self.record(rule).map(|record| record.chain)
    }

    /// A rule's specification: all that stands behind `-A CHAIN `.
    #[must_use]
    pub fn body(&self, rule: RuleId) -> &str {
        match self.record(rule) {
            Some(record) if record.buffer == Buffer::Irregular => {
                self.irregular.get(&rule).map_or("", String::as_str)
            }
            Some(record) => self.record_text(record).get(record.body as usize..).unwrap_or_default(),
            None => "",
        }
    }

    /// A rule's whole line without its line feed, counters and all where it was read with them.
    #[must_use]
    pub fn line(&self, rule: RuleId) -> Cow<'_, str> {
        let Some(record) = self.record(rule) else { return Cow::Borrowed("") };
        match record.buffer {
            Buffer::Source | Buffer::Irregular | Buffer::Rewritten => Cow::Borrowed(self.record_text(record)),
            Buffer::Added => Cow::Owned(
                ["-A ", self.chain_name(record.chain), " ", self.record_text(record)]
                    .concat()
                    .trim_end()
                    .to_owned(),
            ),
        }
    }

    /// What stands in front of the rule's `-A`: its counters as `[packets:bytes]`, or nothing.
    #[must_use]
    pub fn counters(&self, rule: RuleId) -> Option<&str> {
        let record = self.record(rule).filter(|record| record.buffer != Buffer::Added)?;
        let line = self.record_text(record).trim_start();
        line.starts_with('[').then(|| line.split_inclusive(']').next()).flatten()
    }

    /// Where a rule that was read stands in the source: its whole line.
    #[must_use]
    pub fn span(&self, rule: RuleId) -> Option<Span> {
        self.record(rule).filter(|record| record.was_read()).map(|record| record.text)
    }

    /// Where the specification of a rule that was read stands in the source.
    #[must_use]
    pub fn body_span(&self, rule: RuleId) -> Option<Span> {
        let record = self.record(rule).filter(|record| record.was_read())?;
        Some(Span::new(record.text.start + record.body, record.text.end))
    }

    /// The target or chain behind `-j` or `-g`; the empty symbol where there is none.
    #[must_use]
    pub fn target(&self, rule: RuleId) -> Symbol {
        self.record(rule).map_or(Symbol::EMPTY, |record| record.target)
    }

    /// Whether the rule's jump is a goto.
    #[must_use]
    pub fn is_goto(&self, rule: RuleId) -> bool {
        self.record(rule).is_some_and(|record| record.goto)
    }

    /// The edit that added the rule; none for a rule that was read.
    #[must_use]
    pub fn added_by(&self, rule: RuleId) -> Option<EditId> {
        self.record(rule)?.edit
    }

    /// The edit that took the rule out.
    #[must_use]
    pub fn removed_by(&self, rule: RuleId) -> Option<EditId> {
        self.removed.get(&rule).copied()
    }

    /// Whether a rule that was read was rewritten only because the chain it is in or jumps to got another name.
    #[must_use]
    pub fn is_rewritten(&self, rule: RuleId) -> bool {
        self.record(rule).is_some_and(|record| record.buffer == Buffer::Rewritten)
    }

    /// The rule that was read and in whose place this one stands.
    #[must_use]
    pub fn replaced(&self, rule: RuleId) -> Option<RuleId> {
        self.replaces.get(&rule).copied()
    }

    /// The script line that added the rule.
    #[must_use]
    pub fn origin(&self, rule: RuleId) -> Option<&Origin> {
        self.added_by(rule).and_then(|edit| self.edit(edit)).map(|edit| &edit.origin)
    }

    /// The `#` lines that a script put in front of a rule it added.
    #[must_use]
    pub fn notes(&self, rule: RuleId) -> &[String] {
        self.notes.get(&rule).map_or(&[], Vec::as_slice)
    }

    /// Index and rule of the first rule of `chain` that jumps or goes to `target`.
    #[must_use]
    pub fn find_target(&self, chain: ChainId, target: &str) -> Option<(usize, RuleId)> {
        let target = self.symbols.get(target)?;
        self.chain(chain).rules().find_target(target, |rule| self.target(rule) == target)
    }
}
