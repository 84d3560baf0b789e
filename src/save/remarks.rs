//! The `#` lines of a text, each with what it stands in front of, for a print in another order.

use rustc_hash::FxHashMap;

use super::parse::offset;
use crate::model::{ChainId, RuleId, Ruleset, TableName};
use crate::source::Span;

/// What a `#` line stands in front of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// The block of a table.
    Table(TableName),
    /// The `:` line of a chain, or the command that makes it or sets its policy.
    Chain(ChainId),
    /// A rule.
    Rule(RuleId),
    /// The COMMIT of a table.
    Commit(TableName),
    /// The end of the text.
    End,
}

/// The `#` lines of a text by their places.
#[derive(Debug, Default)]
pub(super) struct Remarks(FxHashMap<Place, Vec<Span>>);

impl Remarks {
    /// Those of the text that `ruleset` was read from.
    pub(super) fn of(ruleset: &Ruleset) -> Self {
        let mut reader = Reader::new(ruleset);
        let text = ruleset.source().text();
        let mut start = 0;
        for feed in memchr::memchr_iter(b'\n', text.as_bytes()) {
            let line = text.get(start..feed).unwrap_or_default();
            reader.line(line, Span::new(offset(start), offset(feed)));
            start = feed + 1;
        }
        reader.put(Place::End);
        reader.remarks
    }

    /// The lines in front of `place`.
    pub(super) fn at(&self, place: Place) -> &[Span] {
        self.0.get(&place).map_or(&[], Vec::as_slice)
    }
}

/// What stands on a line that is neither a table's nor a comment.
#[derive(Clone, Copy)]
enum Anchor {
    Place(Place),
    /// A rule that commands took out again.
    Gone,
}

struct Reader<'r> {
    ruleset: &'r Ruleset,
    remarks: Remarks,
    /// Lines whose place is not known yet.
    pending: Vec<Span>,
    /// The table of the block, and whether a later block of that table replaces it.
    block: Option<(TableName, bool)>,
    /// How many lines waited when the block began.
    waiting: usize,
    /// What stands where in the text, by the offset; made when it is asked for.
    anchors: Option<FxHashMap<u32, Anchor>>,
}

impl<'r> Reader<'r> {
    fn new(ruleset: &'r Ruleset) -> Self {
        let remarks = Remarks::default();
        Self { ruleset, remarks, pending: Vec::new(), block: None, waiting: 0, anchors: None }
    }

    fn line(&mut self, line: &str, span: Span) {
        match (line.as_bytes().first(), self.block) {
            (Some(b'#'), _) => self.pending.push(span),
            (Some(b'*'), None) => self.open(line, span),
            (Some(b'C'), Some((table, replaced))) => {
                if replaced {
                    self.pending.truncate(self.waiting);
                } else {
                    self.put(Place::Commit(table));
                }
                self.block = None;
            }
            (Some(_), Some((table, false))) if !self.pending.is_empty() => self.content(line, span, table),
            _ => {}
        }
    }

    fn open(&mut self, line: &str, span: Span) {
        let name = line.get(1..).unwrap_or_default().split([' ', '\t']).find(|word| !word.is_empty());
        let Some(table) = name.and_then(TableName::parse) else { return };
        let last = self.ruleset.table(table).block().is_some_and(|block| block.header == span);
        self.block = Some((table, !last));
        self.waiting = self.pending.len();
        if last {
            self.put(Place::Table(table));
        }
    }

    fn content(&mut self, line: &str, span: Span, table: TableName) {
        let ruleset = self.ruleset;
        let anchors = self.anchors.get_or_insert_with(|| anchors(ruleset));
        match anchors.get(&span.start) {
            Some(Anchor::Place(place)) => {
                let place = *place;
                self.put(place);
            }
            Some(Anchor::Gone) => self.pending.clear(),
            // Other commands leave nothing behind: what stands in front of them goes on to what follows.
            None => {
                if let Some(chain) = policy_of(ruleset, line, table) {
                    self.put(Place::Chain(chain));
                }
            }
        }
    }

    fn put(&mut self, place: Place) {
        if !self.pending.is_empty() {
            self.remarks.0.entry(place).or_default().append(&mut self.pending);
        }
    }
}

/// The chain whose policy the command `line` sets.
fn policy_of(ruleset: &Ruleset, line: &str, table: TableName) -> Option<ChainId> {
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    words.next().filter(|word| matches!(*word, "-P" | "--policy"))?;
    ruleset.chain_id(table, words.next()?)
}

fn anchors(ruleset: &Ruleset) -> FxHashMap<u32, Anchor> {
    let mut anchors = FxHashMap::default();
    for rule in ruleset.rules_ever() {
        anchors.extend(ruleset.span(rule).map(|span| (span.start, Anchor::Gone)));
    }
    for chain in ruleset.tables().flat_map(|table| ruleset.live_chains(table.name())) {
        let place = Anchor::Place(Place::Chain(chain));
        let lines =
            [ruleset.chain(chain).introduced(), ruleset.chain(chain).declaration().map(|line| line.line)];
        anchors.extend(lines.into_iter().flatten().map(|line| (line.start, place)));
        for rule in ruleset.chain(chain).rules().iter() {
            let Some(span) = ruleset.span(rule) else { continue };
            // The line of a list may stand for several rules: the first of them.
            let anchor = anchors.entry(span.start).or_insert(Anchor::Gone);
            if matches!(anchor, Anchor::Gone) {
                *anchor = Anchor::Place(Place::Rule(rule));
            }
        }
    }
    anchors
}
