//! Printing: the text that was read, with patches where scripts edited it.
//!
//! A patch takes out at most one line of the source and puts lines in its place, so that an edit changes no line but
//! its own, and each changed line knows its edit.

use std::io::{self, Write};

use rustc_hash::FxHashSet;

use super::parse::offset;
use crate::model::chain::Declaration;
use crate::model::table::{Block, Table};
use crate::model::{Chain, ChainId, EditId, RuleId, Ruleset};
use crate::source::Span;

/// A line that a patch adds, without its line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The line.
    pub text: String,
    /// The edit that made it; none for the frame of a table that the text did not have.
    pub edit: Option<EditId>,
}

/// A change to one place of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where: the start of a line of the source, or its end.
    pub at: u32,
    /// The line of the source that goes, without its line feed, and the edit that took it out.
    pub removed: Option<(Span, EditId)>,
    /// The lines that come in its place.
    pub added: Vec<Added>,
}

/// What the edits change in the text, in the order of the text; nothing where nothing changed.
#[must_use]
pub fn patches(ruleset: &Ruleset) -> Vec<Patch> {
    let mut patcher = Patcher { ruleset, patches: Vec::new() };
    for table in ruleset.tables().filter(|table| ruleset.is_table_edited(table.name())) {
        match table.block() {
            Some(block) => patcher.table(table, block),
            None if has_content(ruleset, table) => patcher.new_table(table),
            None => {}
        }
    }
    patcher.patches.sort_by_key(|patch| (patch.at, patch.removed.is_some()));
    patcher.patches
}

/// Writes the ruleset as iptables-restore text: the very bytes that were read where nothing was edited.
///
/// # Errors
/// What `out` answers.
pub fn write(ruleset: &Ruleset, out: &mut impl Write) -> io::Result<()> {
    write_patched(ruleset, &patches(ruleset), out)
}

/// Writes the ruleset as [`write()`] does, its patches given.
///
/// # Errors
/// What `out` answers.
pub fn write_patched(ruleset: &Ruleset, patches: &[Patch], out: &mut impl Write) -> io::Result<()> {
    let source = ruleset.source();
    let mut at = 0;
    for patch in patches {
        out.write_all(&source.original(source.slice(Span::new(at, patch.at))))?;
        for added in &patch.added {
            out.write_all(&source.original(&added.text))?;
            out.write_all(b"\n")?;
        }
        at = patch.removed.map_or(patch.at, |(line, _)| line.end + 1);
    }
    out.write_all(&source.original(source.slice(Span::new(at, source.len()))))
}

struct Patcher<'r> {
    ruleset: &'r Ruleset,
    patches: Vec<Patch>,
}

impl<'r> Patcher<'r> {
    fn insert(&mut self, at: u32, added: Vec<Added>) {
        if !added.is_empty() {
            self.patches.push(Patch { at, removed: None, added });
        }
    }

    fn remove(&mut self, line: Span, edit: EditId, added: Vec<Added>) {
        self.patches.push(Patch { at: line.start, removed: Some((line, edit)), added });
    }

    fn table(&mut self, table: &'r Table, block: Block) {
        let mut declared = Vec::new();
        for id in table.chains() {
            self.declaration(*id, &mut declared);
        }
        self.insert(self.after_declarations(block), declared);
        let mut commands = Vec::new();
        for id in table.chains() {
            let chain = self.ruleset.chain(*id);
            if chain.has_commands() {
                commands.extend(self.commands(*id));
            } else if let Some(base) = chain.base() {
                self.rules(*id, chain, base.rules.iter(), block);
            } else if chain.created().is_some() && !chain.rules().is_empty() {
                self.rules(*id, chain, std::iter::empty(), block);
            }
        }
        self.insert(block.commit.start, commands);
    }

    /// The chain's `:` line, if it changes; a line that the text lacks goes into `declared`.
    fn declaration(&mut self, id: ChainId, declared: &mut Vec<Added>) {
        let chain = self.ruleset.chain(id);
        if chain.has_commands() {
            return;
        }
        let edit = chain.removed().or(chain.policy_edit()).or(chain.name_edit()).or(chain.created());
        let Some(edit) = edit else { return };
        match (chain.declaration(), chain.removed()) {
            (Some(declaration), Some(removed)) => self.remove(declaration.line, removed, Vec::new()),
            (Some(declaration), None) if is_declaration_changed(chain) => {
                let text = self.declaration_line(id, declaration);
                self.remove(declaration.line, edit, vec![Added { text, edit: Some(edit) }]);
            }
            (None, None) if chain.created().is_some() || is_declaration_changed(chain) => {
                declared.push(Added { text: self.new_declaration(id), edit: Some(edit) });
            }
            _ => {}
        }
    }

    fn declaration_line(&self, id: ChainId, old: Declaration) -> String {
        let source = self.ruleset.source();
        let policy = self.ruleset.policy_word(id);
        let before = source.slice(Span::new(old.line.start, old.name.start));
        let between = source.slice(Span::new(old.name.end, old.policy.start));
        let behind = source.slice(Span::new(old.policy.end, old.line.end));
        [before, self.ruleset.chain_name(id), between, policy, behind].concat()
    }

    fn new_declaration(&self, id: ChainId) -> String {
        let policy = self.ruleset.policy_word(id);
        [":", self.ruleset.chain_name(id), " ", policy, " [0:0]"].concat()
    }

    /// Behind the chain lines that the block begins with.
    fn after_declarations(&self, block: Block) -> u32 {
        let source = self.ruleset.source();
        let mut end = block.header.end + 1;
        let mut at = end;
        let body = source.slice(Span::new(at, block.commit.start));
        for line in body.split_inclusive('\n') {
            at += offset(line.len());
            match line.as_bytes().first() {
                Some(b':') => end = at,
                Some(b'#' | b'\n') => {}
                _ => break,
            }
        }
        end
    }

    /// The lines of a chain's added and removed rules, each at its place among the lines that were read.
    fn rules(&mut self, id: ChainId, chain: &Chain, base: impl Iterator<Item = RuleId>, block: Block) {
        let ruleset = self.ruleset;
        // What another rule stands for keeps the lines in front of it.
        let stood_for: FxHashSet<RuleId> =
            chain.rules().iter().filter_map(|rule| ruleset.replaced(rule)).collect();
        for rule in base {
            if let (Some(line), Some(edit)) = (ruleset.span(rule), ruleset.removed_by(rule)) {
                self.remove(line, edit, Vec::new());
                let tagged = !ruleset.owner(rule).is_empty() && !ruleset.is_adopted(rule);
                if tagged && !stood_for.contains(&rule) {
                    self.remove_comments(line.start, edit, block);
                }
            }
        }
        let rules: Vec<RuleId> = chain.rules().iter().collect();
        let mut pending = Vec::new();
        let mut at = None;
        for (rule, limit) in rules.iter().copied().zip(self.limits(&rules)) {
            let Some(line) = self.standing(rule, at, limit) else {
                pending.push(rule);
                continue;
            };
            let place = at.unwrap_or_else(|| self.before_comments(line.start, block));
            self.gap(&mut pending, place);
            if ruleset.span(rule).is_none() {
                self.insert(line.start, self.rule_lines(rule));
            }
            at = Some(line.end + 1);
        }
        if !pending.is_empty() {
            let place = at.unwrap_or_else(|| self.place_of_empty_chain(id, block));
            self.gap(&mut pending, place);
        }
    }

    /// For each rule where the next one begins that was read, itself included.
    fn limits(&self, rules: &[RuleId]) -> Vec<u32> {
        let mut next = u32::MAX;
        let mut limits: Vec<u32> = rules
            .iter()
            .rev()
            .map(|rule| {
                next = self.ruleset.span(*rule).map_or(next, |line| line.start);
                next
            })
            .collect();
        limits.reverse();
        limits
    }

    /// The line of the source that is the rule's, or that it stands in the place of: that must lie between where the last one
    /// ended and where the next one begins.
    fn standing(&self, rule: RuleId, at: Option<u32>, limit: u32) -> Option<Span> {
        let between = |line: &Span| at.is_none_or(|at| line.start >= at) && line.start < limit;
        let stood = || self.ruleset.replaced(rule).and_then(|old| self.ruleset.span(old)).filter(between);
        self.ruleset.span(rule).or_else(stood)
    }

    fn gap(&mut self, pending: &mut Vec<RuleId>, at: u32) {
        let added: Vec<Added> = pending.drain(..).flat_map(|rule| self.rule_lines(rule)).collect();
        self.insert(at, added);
    }

    fn rule_lines(&self, rule: RuleId) -> Vec<Added> {
        let edit = self.ruleset.added_by(rule);
        let notes = self.ruleset.notes(rule).iter().map(|note| ["# ", note].concat());
        let lines = notes.chain([self.ruleset.line(rule).into_owned()]);
        lines.map(|text| Added { text, edit }).collect()
    }

    /// Takes out the `#` lines directly before the line at `start`: those of an owner's rule go with it.
    fn remove_comments(&mut self, start: u32, edit: EditId, block: Block) {
        let source = self.ruleset.source();
        let mut at = self.before_comments(start, block);
        let lines = source.slice(Span::new(at, start)).split_inclusive('\n');
        for line in lines {
            let next = at + offset(line.len());
            self.remove(Span::new(at, next - 1), edit, Vec::new());
            at = next;
        }
    }

    /// The start of the `#` lines directly before the line at `start`, within the block.
    fn before_comments(&self, start: u32, block: Block) -> u32 {
        let source = self.ruleset.source();
        let above = source.slice(Span::new(block.header.end + 1, start));
        let comments = above.split_inclusive('\n').rev().take_while(|line| line.starts_with('#'));
        start - offset(comments.map(str::len).sum())
    }

    /// Where the rules of a chain go that has none in the text: before those of the next chain that has some, else
    /// behind those of the last chain before it, else at the block's end.
    fn place_of_empty_chain(&self, id: ChainId, block: Block) -> u32 {
        let chains = self.ruleset.table(self.ruleset.chain(id).table()).chains();
        let (before, after) = chains.split_at(chains.iter().position(|other| *other == id).unwrap_or(0));
        let read = |chain: &ChainId| {
            let mut lines =
                self.ruleset.chain(*chain).base_rules().iter().filter_map(|rule| self.ruleset.span(rule));
            Some((lines.next()?, *chain))
        };
        if let Some((first, _)) = after.iter().skip(1).find_map(read) {
            return self.before_comments(first.start, block);
        }
        let last = |chain: &ChainId| {
            let mut lines = self.ruleset.chain(*chain).base_rules().iter().rev();
            lines.find_map(|rule| self.ruleset.span(rule))
        };
        let end = || self.before_comments(block.commit.start, block);
        before.iter().rev().find_map(last).map_or_else(end, |line| line.end + 1)
    }

    /// The commands that make a chain which the text shapes by commands what it is to be.
    fn commands(&self, id: ChainId) -> Vec<Added> {
        let ruleset = self.ruleset;
        let chain = ruleset.chain(id);
        let Some(base) = chain.base() else { return Vec::new() };
        let name = ruleset.symbols().name(base.name);
        let mut lines = Vec::new();
        let mut gone = 0;
        for (index, rule) in base.rules.iter().enumerate() {
            if let Some(edit) = ruleset.removed_by(rule) {
                lines.push(Added { text: format!("-D {name} {}", index + 1 - gone), edit: Some(edit) });
                gone += 1;
            }
        }
        let kept = base.rules.len() - gone;
        let mut read = 0;
        for (index, rule) in chain.rules().iter().enumerate() {
            if ruleset.span(rule).is_some() {
                read += 1;
                continue;
            }
            lines.extend(self.rule_lines(rule));
            if let Some(line) = lines.last_mut().filter(|_| read < kept) {
                line.text = format!("-I {name} {} {}", index + 1, ruleset.body(rule));
            }
        }
        if let Some(edit) = chain.policy_edit().filter(|_| base.policy != chain.policy()) {
            lines.push(Added { text: format!("-P {name} {}", ruleset.policy_word(id)), edit: Some(edit) });
        }
        if let Some(edit) = chain.removed() {
            lines.push(Added { text: format!("-X {name}"), edit: Some(edit) });
        }
        lines
    }

    /// A whole block behind the text.
    fn new_table(&mut self, table: &Table) {
        let ruleset = self.ruleset;
        let frame = |text: String| Added { text, edit: None };
        let mut lines = vec![frame(format!("*{}", table.name()))];
        let live: Vec<ChainId> = ruleset.live_chains(table.name()).collect();
        for id in &live {
            let chain = ruleset.chain(*id);
            let edit = chain.policy_edit().or(chain.name_edit()).or(chain.created());
            lines.push(Added { text: self.new_declaration(*id), edit });
        }
        for id in live {
            lines.extend(ruleset.chain(id).rules().iter().flat_map(|rule| self.rule_lines(rule)));
        }
        lines.push(frame("COMMIT".to_owned()));
        self.insert(ruleset.source().len(), lines);
    }
}

fn is_declaration_changed(chain: &Chain) -> bool {
    chain.base().is_some_and(|base| base.policy != chain.policy() || base.name != chain.name())
}

/// Whether a table that the text does not name differs from an empty one.
pub(super) fn has_content(ruleset: &Ruleset, table: &Table) -> bool {
    ruleset.live_chains(table.name()).any(|id| {
        let chain = ruleset.chain(id);
        chain.created().is_some() || !chain.rules().is_empty() || is_declaration_changed(chain)
    })
}
