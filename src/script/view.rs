//! What scripts read: rules, chains, tables and lists of rules as they were when they were asked for. Nothing of it can
//! be assigned to; what changes the ruleset is the editing functions.

use std::rc::Rc;

use super::session::SharedSession;
use crate::model::sequence::{Cursor, Sequence};
use crate::model::{ChainId, RuleId, TableName, equal};

/// A rule.
#[derive(Clone)]
pub(crate) struct RuleView {
    pub(super) session: SharedSession,
    pub(super) chain: ChainId,
    pub(super) rule: RuleId,
    /// Its position in the chain, from 1.
    pub(super) position: usize,
}

impl RuleView {
    pub(super) fn new(session: &SharedSession, chain: ChainId, rule: RuleId, position: usize) -> Self {
        Self { session: Rc::clone(session), chain, rule, position }
    }

    /// Its specification as it is written.
    pub(super) fn text(&self) -> String {
        self.session.borrow().ruleset.body(self.rule).trim().to_owned()
    }

    /// Its specification as iptables-save would print it.
    pub(super) fn canonical(&self) -> String {
        let session = self.session.borrow();
        equal::canonical(session.ruleset.body(self.rule), session.ruleset.family()).into_owned()
    }
}

/// The rules of a chain.
#[derive(Clone)]
pub(crate) struct RuleList {
    pub(super) session: SharedSession,
    pub(super) chain: ChainId,
    pub(super) rules: Rc<Sequence>,
}

impl RuleList {
    /// The rule at `index`, from 0.
    pub(super) fn get(&self, index: usize) -> Option<RuleView> {
        let rule = self.rules.get(index)?;
        Some(RuleView::new(&self.session, self.chain, rule, index + 1))
    }
}

/// Iterates over a list, rule by rule.
pub(crate) struct RuleIterator {
    list: RuleList,
    cursor: Cursor,
    position: usize,
}

impl IntoIterator for RuleList {
    type Item = RuleView;
    type IntoIter = RuleIterator;

    fn into_iter(self) -> RuleIterator {
        RuleIterator { list: self, cursor: Cursor::default(), position: 0 }
    }
}

impl Iterator for RuleIterator {
    type Item = RuleView;

    fn next(&mut self) -> Option<RuleView> {
        let rule = self.list.rules.step(&mut self.cursor)?;
        self.position += 1;
        Some(RuleView::new(&self.list.session, self.list.chain, rule, self.position))
    }
}

/// A chain.
#[derive(Clone)]
pub(crate) struct ChainView {
    pub(super) session: SharedSession,
    pub(super) chain: ChainId,
    pub(super) rules: Rc<Sequence>,
}

impl ChainView {
    pub(super) fn new(session: &SharedSession, chain: ChainId) -> Self {
        let rules = Rc::new(session.borrow().ruleset.chain(chain).rules().clone());
        Self { session: Rc::clone(session), chain, rules }
    }

    /// Its rules.
    pub(super) fn rules(&self) -> RuleList {
        RuleList { session: Rc::clone(&self.session), chain: self.chain, rules: Rc::clone(&self.rules) }
    }
}

/// A table, to read or to edit.
#[derive(Clone)]
pub(crate) struct TableView {
    pub(super) name: TableName,
}

/// The whole ruleset.
#[derive(Clone)]
pub(crate) struct RulesetView(pub(super) SharedSession);

/// Counters.
#[derive(Clone)]
pub(crate) struct CountersView {
    pub(super) packets: rhai::INT,
    pub(super) bytes: rhai::INT,
}

/// A part of a rule that every rule can have.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// `-p`.
    Protocol,
    /// `-s`.
    Source,
    /// `-d`.
    Destination,
    /// `-i`.
    InInterface,
    /// `-o`.
    OutInterface,
}

/// tmp
impl RuleView {
    pub(super) fn part(&self, part: Part) -> rhai::Dynamic {
        let o = match part {
            Part::Protocol => "-p",
            Part::Source => "-s",
            Part::Destination => "-d",
            Part::InInterface => "-i",
            Part::OutInterface => "-o",
        };
        self.raw(o)
    }
    fn raw(&self, o: &str) -> rhai::Dynamic {
        let t = self.text();
        let w: Vec<_> = crate::syntax::words(&t).map_while(Result::ok).map(|w| w.text.into_owned()).collect();
        w.iter()
            .position(|x| x == o)
            .and_then(|i| w.get(i + 1))
            .map_or(rhai::Dynamic::UNIT, |v| v.clone().into())
    }
    pub(super) fn ports(&self, names: [&str; 2]) -> rhai::Dynamic {
        self.option(&names)
    }
    pub(super) fn option(&self, names: &[&str]) -> rhai::Dynamic {
        for n in names {
            let v = self.raw(&["--", n].concat());
            if !v.is_unit() {
                return v;
            }
        }
        rhai::Dynamic::UNIT
    }
    pub(super) fn has(&self, name: &str) -> bool {
        self.text().contains(&["-m ", name].concat())
    }
    pub(super) fn target(&self) -> String {
        let s = self.session.borrow();
        s.ruleset.symbols().name(s.ruleset.target(self.rule)).to_owned()
    }
}
