//! Building a ruleset while its text is read.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Ruleset;
use super::lookup::Equals;
use crate::model::Family;
use crate::model::chain::{Chain, ChainId, Declaration, Policy};
use crate::model::fault::{Fault, FaultKind};
use crate::model::jump;
use crate::model::names::TableName;
use crate::model::rule::{Buffer, Record, RuleId};
use crate::model::symbol::{Symbol, Symbols};
use crate::model::table::{Block, Table};
use crate::source::{SourceFile, Span};

/// How many chains are looked at before one is looked up.
const NEAR: usize = 3;

/// What a command of the text does to a chain; positions count from 0.
pub(crate) enum Command {
    Insert(usize, RuleId),
    Delete(usize),
    Replace(usize, RuleId),
    Flush,
    Policy(Policy),
}

impl Ruleset {
    /// The ruleset of an empty text: every table with its built-in chains, policy ACCEPT, no rule.
    #[must_use]
    pub fn new(family: Family, source: Arc<SourceFile>) -> Self {
        let mut symbols = Symbols::default();
        let mut chains = Vec::with_capacity(32);
        let tables = TableName::ALL.map(|name| empty_table(name, &mut symbols, &mut chains));
        Self {
            family,
            source,
            symbols,
            tables,
            order: Vec::new(),
            chains,
            records: Vec::new(),
            added: String::new(),
            irregular: FxHashMap::default(),
            notes: FxHashMap::default(),
            replaces: FxHashMap::default(),
            removed: FxHashMap::default(),
            owners: FxHashMap::default(),
            adopted: FxHashSet::default(),
            ensured: FxHashMap::default(),
            edits: Vec::new(),
            faults: Vec::new(),
            incomplete: None,
            equals: Equals::default(),
        }
    }

    /// Makes room for `rules` rules.
    pub(crate) fn reserve(&mut self, rules: usize) {
        self.records.reserve_exact(rules);
    }

    /// Begins the block of `table` at the line `header`; a second block of a table replaces the first.
    pub(crate) fn open_block(&mut self, table: TableName, header: Span) {
        if self.table(table).block.is_some() {
            self.fault(header, FaultKind::RepeatedTable(table.to_string()));
            self.order.retain(|other| *other != table);
            let fresh = empty_table(table, &mut self.symbols, &mut self.chains);
            *self.table_mut(table) = fresh;
        }
        self.table_mut(table).block = Some(Block { header, commit: header });
        self.order.push(table);
    }

    /// Ends the block of `table` at the line `commit`.
    pub(crate) fn close_block(&mut self, table: TableName, commit: Span) {
        if let Some(block) = &mut self.table_mut(table).block {
            block.commit = commit;
        }
    }

    /// Takes in a `:NAME POLICY` line.
    pub(crate) fn declare(&mut self, table: TableName, declaration: Declaration) -> ChainId {
        let source = Arc::clone(&self.source);
        let name = self.symbols.intern(source.slice(declaration.name));
        let policy = match source.slice(declaration.policy) {
            "-" => Policy::None,
            word => Policy::parse(word).unwrap_or_else(|| Policy::Other(self.symbols.intern(word))),
        };
        let id = self.table(table).chain(name).unwrap_or_else(|| self.push_chain(table, name));
        if let Some(fault) = self.declaration_fault(id, source.slice(declaration.name)) {
            self.fault(declaration.line, fault);
        }
        if let Some(chain) = self.chains.get_mut(id.index()) {
            chain.declared = Some(declaration);
            chain.introduced.get_or_insert(declaration.line);
            chain.policy = policy;
        }
        id
    }

    fn declaration_fault(&self, id: ChainId, name: &str) -> Option<FaultKind> {
        let chain = self.chain(id);
        if chain.declared.is_some() {
            Some(FaultKind::RepeatedChain(name.to_owned()))
        } else if chain.hook.is_none() && !chain.rules.is_empty() {
            Some(FaultKind::LateChain(name.to_owned()))
        } else {
            None
        }
    }

    /// The chain called `name`, made without a declaration where there is none; `at` is where it is named.
    pub(crate) fn chain_or_undeclared(&mut self, table: TableName, name: Span) -> ChainId {
        let source = Arc::clone(&self.source);
        let text = source.slice(name);
        if let Some(id) = self.chain_id(table, text) {
            return id;
        }
        self.fault(name, FaultKind::UndeclaredChain(text.to_owned()));
        let symbol = self.symbols.intern(text);
        self.push_chain(table, symbol)
    }

    /// The chain called `name` among the few of `table` that were declared from the one numbered `from` on, and its number:
    /// iptables-save prints the rules of chains in the order in which it declares them.
    pub(crate) fn chain_near(&self, table: TableName, from: usize, name: &str) -> Option<(usize, ChainId)> {
        let near = self.table(table).chains().iter().enumerate().skip(from).take(NEAR);
        let mut near = near.map(|(number, id)| (number, *id));
        near.find(|(_, id)| self.chain_name(*id) == name)
    }

    /// Takes in a rule line whose specification starts `body` bytes into `line`; it is in no chain's order yet.
    pub(crate) fn read_rule(&mut self, chain: ChainId, line: Span, body: u32) -> RuleId {
        let source = Arc::clone(&self.source);
        let jump = jump::find(source.slice(Span::new(line.start + body, line.end)));
        let target = jump.as_ref().map_or(Symbol::EMPTY, |jump| self.symbols.intern(&jump.name));
        let goto = jump.is_some_and(|jump| jump.goto);
        self.push_record(Record { text: line, body, chain, target, edit: None, buffer: Buffer::Source, goto })
    }

    /// Takes in a rule line whose command stands amid its specification `spec`.
    pub(crate) fn read_irregular_rule(&mut self, chain: ChainId, line: Span, spec: String) -> RuleId {
        let jump = jump::find(&spec);
        let goto = jump.as_ref().is_some_and(|jump| jump.goto);
        let target = jump.map_or(Symbol::EMPTY, |jump| self.symbols.intern(&jump.name));
        let buffer = Buffer::Irregular;
        let id = self.push_record(Record { text: line, body: 0, chain, target, edit: None, buffer, goto });
        self.irregular.insert(id, spec);
        id
    }

    /// Puts a rule that was read last in its chain.
    pub(crate) fn append_read(&mut self, chain: ChainId, rule: RuleId) {
        let target = self.record(rule).map_or(Symbol::EMPTY, |record| record.target);
        if let Some(chain) = self.chains.get_mut(chain.index()) {
            chain.rules.push(rule, target);
        }
    }

    /// Carries out a command of the text on `chain`, whose lines no longer show its order from then on.
    ///
    /// # Errors
    /// Why the command cannot be carried out.
    pub(crate) fn command(&mut self, chain: ChainId, command: &Command) -> Result<(), &'static str> {
        let targets = match *command {
            Command::Insert(_, rule) | Command::Replace(_, rule) => self.target(rule),
            _ => Symbol::EMPTY,
        };
        let Some(chain) = self.chains.get_mut(chain.index()) else { return Ok(()) };
        chain.commands = true;
        match *command {
            Command::Insert(index, _) if index > chain.rules.len() => {
                return Err("the chain has fewer rules");
            }
            Command::Insert(index, rule) => chain.rules.insert(index, rule, targets),
            Command::Delete(index) => {
                chain.rules.remove(index).ok_or("the chain has fewer rules")?;
            }
            Command::Replace(index, rule) => {
                chain.rules.remove(index).ok_or("the chain has fewer rules")?;
                chain.rules.insert(index, rule, targets);
            }
            Command::Flush => chain.rules.clear(),
            Command::Policy(policy) => chain.policy = policy,
        }
        Ok(())
    }

    /// Carries out `-N NAME` of the line `line`.
    ///
    /// # Errors
    /// The chain exists.
    pub(crate) fn command_new_chain(
        &mut self,
        table: TableName,
        name: &str,
        line: Span,
    ) -> Result<(), &'static str> {
        let symbol = self.symbols.intern(name);
        if self.table(table).chain(symbol).is_some() {
            return Err("the chain exists already");
        }
        let id = self.push_chain(table, symbol);
        if let Some(chain) = self.chains.get_mut(id.index()) {
            chain.commands = true;
            chain.introduced = Some(line);
        }
        Ok(())
    }

    /// Carries out `-X NAME`.
    ///
    /// # Errors
    /// The chain cannot be removed.
    pub(crate) fn command_remove_chain(&mut self, table: TableName, id: ChainId) -> Result<(), &'static str> {
        let chain = self.chain(id);
        if chain.hook.is_some() {
            return Err("the chain is built in");
        }
        if !chain.rules.is_empty() {
            return Err("the chain has rules");
        }
        let name = chain.name;
        let table = self.table_mut(table);
        table.index.remove(&name);
        table.chains.retain(|other| *other != id);
        Ok(())
    }

    /// Carries out `-E OLD NEW`; rules keep their lines, so the jumps of the text keep the old name.
    ///
    /// # Errors
    /// The chain cannot be renamed.
    pub(crate) fn command_rename_chain(
        &mut self,
        table: TableName,
        id: ChainId,
        new: &str,
    ) -> Result<(), &'static str> {
        let symbol = self.symbols.intern(new);
        if self.table(table).chain(symbol).is_some() {
            return Err("the new name is taken");
        }
        let Some(chain) = self.chains.get_mut(id.index()).filter(|chain| chain.hook.is_none()) else {
            return Err("the chain is built in");
        };
        chain.commands = true;
        let old = std::mem::replace(&mut chain.name, symbol);
        for record in self.records.iter_mut().filter(|record| record.target == old) {
            record.target = symbol;
        }
        let table = self.table_mut(table);
        table.index.remove(&old);
        table.index.insert(symbol, id);
        Ok(())
    }

    /// Remembers a fault of the text.
    pub(crate) fn fault(&mut self, span: Span, kind: FaultKind) {
        if let FaultKind::Incomplete(line) = &kind {
            self.incomplete = Some(line.clone());
        }
        self.faults.push(Fault { span, kind });
    }

    pub(super) fn push_chain(&mut self, table: TableName, name: Symbol) -> ChainId {
        let id = ChainId::new(self.chains.len());
        self.chains.push(Chain::new(table, name, None));
        let table = self.table_mut(table);
        table.chains.push(id);
        table.index.insert(name, id);
        id
    }

    #[expect(clippy::cast_possible_truncation, reason = "rules come from texts under 4 GiB")]
    pub(super) fn push_record(&mut self, record: Record) -> RuleId {
        let id = RuleId::new(self.records.len() as u32);
        self.records.push(record);
        id
    }
}

fn empty_table(name: TableName, symbols: &mut Symbols, chains: &mut Vec<Chain>) -> Table {
    let index = FxHashMap::with_capacity_and_hasher(8, rustc_hash::FxBuildHasher);
    let mut table = Table { name, block: None, chains: Vec::with_capacity(8), index };
    for hook in name.hooks() {
        let id = ChainId::new(chains.len());
        let symbol = symbols.intern(hook.as_str());
        chains.push(Chain::new(name, symbol, Some(*hook)));
        table.chains.push(id);
        table.index.insert(symbol, id);
    }
    table
}
