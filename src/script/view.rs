//! What scripts read: rules, chains, tables and lists of rules as they were when they were asked for. Nothing of it can
//! be assigned to; what changes the ruleset is the editing functions.

use std::rc::Rc;

use rhai::{Dynamic, INT, ImmutableString};

use super::session::SharedSession;
use crate::model::sequence::{Cursor, Sequence};
use crate::model::spec::Spec;
use crate::model::value::address::Address;
use crate::model::{ChainId, RuleId, TableName, equal, owner};

/// A rule.
#[derive(Clone)]
pub(crate) struct RuleView {
    pub(super) session: SharedSession,
    pub(super) chain: ChainId,
    pub(super) rule: RuleId,
    /// Its position in the chain, from 1; rules of other owners do not count.
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

    /// Its specification as iptables-save would print it, but for the owner's tag.
    pub(super) fn canonical(&self) -> String {
        self.session.borrow().ruleset.untagged(self.rule)
    }

    /// The same, the tag included.
    pub(super) fn tagged(&self) -> String {
        let session = self.session.borrow();
        equal::canonical(session.ruleset.body(self.rule), session.ruleset.family()).into_owned()
    }

    /// Whose it is: an owner's name, `docker`, or nobody's.
    pub(super) fn owner(&self) -> String {
        let session = self.session.borrow();
        session.asked_owner.set(true);
        let owner = session.ruleset.owner(self.rule);
        if !owner.is_empty() {
            return session.ruleset.symbols().name(owner).to_owned();
        }
        let docker = session.ruleset.added_by(self.rule).is_none()
            && session.docker.is_docker(&session.ruleset, self.chain, self.rule);
        if docker { owner::DOCKER.to_owned() } else { String::new() }
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
        let position = self.session.borrow().positions_before(&self.rules, index) + 1;
        Some(RuleView::new(&self.session, self.chain, rule, position))
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
        let within = self.list.session.borrow().is_within_reach(rule);
        self.position += usize::from(within);
        let position = self.position + usize::from(!within);
        Some(RuleView::new(&self.list.session, self.list.chain, rule, position))
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

impl RuleView {
    /// What `read` makes of the rule's specification; nothing where it cannot be read.
    fn spec<T>(&self, read: impl FnOnce(&Spec<'_>) -> Option<T>) -> Option<T> {
        let session = self.session.borrow();
        let spec = Spec::parse(session.ruleset.body(self.rule), session.ruleset.family()).ok()?;
        read(&spec)
    }

    /// A part that every rule can have, as text with `! ` in front where it is negated.
    pub(super) fn part(&self, part: Part) -> Dynamic {
        let text = self.spec(|spec| match part {
            Part::Protocol => spec.protocol_name().map(|name| worded(name.negated, &name.value)),
            Part::Source => spec.source().map(|list| worded(list.negated, &addresses(list.value))),
            Part::Destination => spec.destination().map(|list| worded(list.negated, &addresses(list.value))),
            Part::InInterface => spec.in_interface().map(|name| worded(name.negated, &name.value)),
            Part::OutInterface => spec.out_interface().map(|name| worded(name.negated, &name.value)),
        });
        text.map_or(Dynamic::UNIT, Dynamic::from)
    }

    /// Ports: a number where it is one port, else text.
    pub(super) fn ports(&self, names: [&str; 2]) -> Dynamic {
        let value = self.option(&names);
        let number = value.read_lock::<ImmutableString>().and_then(|text| text.parse::<INT>().ok());
        number.map_or(value, Dynamic::from)
    }

    /// The value of the first of these options that the rule uses.
    pub(super) fn option(&self, names: &[&str]) -> Dynamic {
        let text = self.spec(|spec| {
            let found = names.iter().find_map(|name| Some((name, spec.option(name)?)));
            // A free text is given as the script's author wrote it, not as iptables-save quotes it.
            found.and_then(|(name, value)| match spec.comments().next().filter(|_| *name == "comment") {
                Some(comment) => own_comment(&comment),
                None => Some(worded(value.negated, &value.value)),
            })
        });
        text.map_or(Dynamic::UNIT, Dynamic::from)
    }

    /// Whether the rule uses the match `name`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.spec(|spec| Some(spec.has_match(name))).unwrap_or(false)
    }

    /// The name behind `-j` or `-g`.
    pub(super) fn target(&self) -> String {
        let session = self.session.borrow();
        session.ruleset.symbols().name(session.ruleset.target(self.rule)).to_owned()
    }
}

/// A comment without the owner's tag; none where that is all.
fn own_comment(comment: &str) -> Option<String> {
    let own = owner::split(comment).map_or(Some(comment), |(_, own)| Some(own).filter(|own| !own.is_empty()));
    own.map(str::to_owned)
}

fn worded(negated: bool, value: &str) -> String {
    if negated { ["! ", value].concat() } else { value.to_owned() }
}

fn addresses(list: &[Address]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
