//! What the functions of a script work on: the draft of the ruleset, and what the run has gathered so far.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use rhai::{Dynamic, NativeCallContext};
use rustc_hash::FxHashMap;

use super::limits::{Limits, Watch};
use super::params::Params;
use super::pattern::Pattern;
use super::remembered::Remembered;
use super::surroundings::World;
use crate::diagnostic::Diagnostic;
use crate::docker::Docker;
use crate::model::ipset::Entry;
use crate::model::sequence::Sequence;
use crate::model::{ChainId, EditId, Family, Origin, RuleId, Ruleset, Symbol};
use crate::packets::{Admin, Expectation, Members, Site};
use crate::simulate::Facts;
use crate::source::SourceFile;

/// The session, shared by the engine, its functions and the values they hand out.
pub(crate) type SharedSession = Rc<RefCell<Session>>;

/// The state of a run.
#[derive(Debug)]
pub(crate) struct Session {
    /// The draft: what the scripts have made of the ruleset so far.
    pub(crate) ruleset: Ruleset,
    /// `#` lines for the next rule that is added.
    pub(crate) notes: Vec<String>,
    /// What scripts warn of.
    pub(crate) warnings: Vec<Diagnostic>,
    /// Whether the current script lifted the guard on Docker's own rules.
    pub(crate) docker_edits: bool,
    /// The names of the host's interfaces, where they are known.
    pub(crate) interfaces: Vec<String>,
    /// What else may be asked of the host.
    pub(crate) world: Option<Arc<World>>,
    /// Tells whether the host has ipsets; none where the ruleset is not a host's.
    pub(crate) asks_ipset: Option<fn() -> bool>,
    /// What it told.
    pub(crate) has_ipset: Option<bool>,
    /// Compiled patterns by their text.
    pub(crate) patterns: FxHashMap<String, Pattern>,
    /// Watches over the limits.
    pub(crate) watch: Rc<Watch>,
    /// The parameters of the run.
    pub(crate) params: Params,
    /// Declared ipsets.
    pub(crate) sets: Vec<IpSet>,
    /// What scripts expect of packets.
    pub(crate) expectations: Vec<Expectation>,
    /// Administrators' packets.
    pub(crate) admins: Vec<Admin>,
    /// The host that packets are followed on.
    pub(crate) site: Arc<Site>,
    /// The facts about it, and after how many edits they were read.
    pub(crate) facts: Option<(usize, Facts)>,
    /// Findings that scripts allow.
    pub(crate) allowed: Vec<Allowed>,
    /// Scripts and modules by the name that Rhai knows them by.
    pub(crate) sources: FxHashMap<String, Arc<SourceFile>>,
    /// The name of the script that runs.
    pub(crate) current: String,
    /// The owner of its rules; the empty symbol where they carry no tag.
    pub(crate) owner: Symbol,
    /// The same as text; none where rules carry no tag.
    pub(crate) owner_name: Option<Rc<str>>,
    /// The owners of the run.
    pub(crate) owners: Vec<Symbol>,
    /// What earlier runs added to the chains that were asked about.
    pub(crate) remembered: FxHashMap<ChainId, Remembered>,
    /// Whether there may be rules of other owners.
    pub(crate) others: bool,
    /// What the rules of an edit were put before or behind.
    pub(crate) anchors: FxHashMap<EditId, Anchor>,
    /// Whether a closure has asked a rule for its owner.
    pub(crate) asked_owner: Cell<bool>,
    /// What tells Docker's rules.
    pub(crate) docker: Docker,
}

/// What a rule was put before or behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Before(RuleId),
    After(RuleId),
    /// What it replaces is gone, and an equal rule that an earlier run added is where it belongs.
    Remembered,
}

/// An ipset that a script declared.
#[derive(Clone, Debug)]
pub struct IpSet {
    /// Its name.
    pub name: String,
    /// The family of its addresses.
    pub family: Family,
    /// Its entries, ascending, each once.
    pub entries: Vec<Entry>,
    /// The owner of the script that declared it; empty where rules carry no tag.
    pub owner: String,
    /// The script line that declared it.
    pub origin: Origin,
}

impl IpSet {
    /// Its name and its entries, as those who follow packets need them.
    #[must_use]
    pub fn members(&self) -> Members {
        (self.name.clone(), self.entries.clone())
    }
}

/// A finding that a script allows.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// Its code.
    pub code: String,
    /// Why.
    pub why: String,
    /// The script line that allows it.
    pub origin: Origin,
}

impl Session {
    /// The script or module that Rhai calls `name`; the script that runs where that is not known.
    pub(super) fn source(&self, name: Option<&str>) -> Arc<SourceFile> {
        let named = name.and_then(|name| self.sources.get(name));
        named.or_else(|| self.sources.get(&self.current)).cloned().unwrap_or_default()
    }
}

impl Session {
    /// Whether a rule is the script's own or nobody's, and not another owner's.
    pub(crate) fn is_within_reach(&self, rule: RuleId) -> bool {
        let owner = self.ruleset.owner(rule);
        owner.is_empty() || owner == self.owner
    }

    /// Where in the draft a rule belongs that an earlier run of the script added to the chain.
    pub(crate) fn remembered_index(&mut self, id: ChainId, body: &str) -> Option<usize> {
        if self.owner.is_empty() {
            return None;
        }
        let of = || Remembered::of(&self.ruleset, id, &self.owners);
        let remembered = self.remembered.entry(id).or_insert_with(of);
        remembered.index(&self.ruleset, id, &self.owners, body)
    }

    /// How many rules of a chain count as positions: those of other owners do not.
    pub(crate) fn positions(&self, chain: ChainId) -> usize {
        self.positions_before(self.ruleset.chain(chain).rules(), usize::MAX)
    }

    /// How many of the rules before `index` count as positions.
    pub(crate) fn positions_before(&self, rules: &Sequence, index: usize) -> usize {
        if !self.others {
            return index.min(rules.len());
        }
        rules.count_before(index, self.owner, |rule| self.is_within_reach(rule))
    }

    /// The index of the rule at a position, from 0.
    pub(crate) fn index_at(&self, chain: ChainId, position: usize) -> Option<usize> {
        let rules = self.ruleset.chain(chain).rules();
        if !self.others {
            return (position < rules.len()).then_some(position);
        }
        rules.nth(position, self.owner, |rule| self.is_within_reach(rule))
    }
}

impl Session {
    /// The script or module that makes a call at the line and column.
    ///
    /// Rhai takes a closure that came through two modules for one of the nearer. The library that is searched first tells
    /// better, but stays that of a module while a closure of its caller's runs. Where the two differ, it is the one whose
    /// text has the call at that place.
    fn caller(&self, context: &NativeCallContext, line: u32, column: u32) -> Arc<SourceFile> {
        let named = context.call_source();
        let library = context.namespaces().last().and_then(|library| library.id());
        let source = self.source(named);
        if library.is_none() || library == named || calls(&source, context.fn_name(), line, column) {
            return source;
        }
        let other = self.source(library);
        if calls(&other, context.fn_name(), line, column) { other } else { source }
    }
}

/// Whether a call of `function` stands at the line and column of `source`.
fn calls(source: &SourceFile, function: &str, line: u32, column: u32) -> bool {
    let call = source.slice(source.expression_span(line, column));
    call.strip_prefix(function).is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
}

/// The session of the engine that makes a call.
pub(crate) fn session(context: &NativeCallContext) -> SharedSession {
    // INVARIANT: the one engine constructor sets the tag, and scripts cannot.
    let tag =
        context.tag().and_then(|tag| tag.read_lock::<SharedSession>().map(|session| Rc::clone(&session)));
    tag.unwrap_or_else(|| Rc::new(RefCell::new(Session::empty())))
}

/// The place of a call in its script or module.
pub(crate) fn origin(context: &NativeCallContext) -> Origin {
    let shared = session(context);
    let session = shared.borrow();
    let position = context.call_position();
    let number = |part: Option<usize>| part.and_then(|part| u32::try_from(part).ok()).unwrap_or(0);
    let (line, column) = (number(position.line()), number(position.position()));
    let script = session.caller(context, line, column);
    Origin { script, line, column, docker_edits: session.docker_edits, owner: session.owner }
}

/// The session as an engine's tag.
pub(super) fn tag(session: &SharedSession) -> Dynamic {
    Dynamic::from(Rc::clone(session))
}

impl Session {
    /// A session over a draft.
    pub(super) fn new(ruleset: Ruleset, params: Params, watch: Watch) -> Self {
        Self {
            ruleset,
            watch: Rc::new(watch),
            notes: Vec::new(),
            warnings: Vec::new(),
            docker_edits: false,
            interfaces: Vec::new(),
            world: None,
            asks_ipset: None,
            has_ipset: None,
            patterns: FxHashMap::default(),
            params,
            sets: Vec::new(),
            expectations: Vec::new(),
            admins: Vec::new(),
            site: Arc::default(),
            facts: None,
            allowed: Vec::new(),
            sources: FxHashMap::default(),
            current: String::new(),
            owner: Symbol::EMPTY,
            owner_name: None,
            owners: Vec::new(),
            remembered: FxHashMap::default(),
            others: false,
            anchors: FxHashMap::default(),
            asked_owner: Cell::new(false),
            docker: Docker::default(),
        }
    }

    /// A session over nothing.
    pub(super) fn empty() -> Self {
        Self::new(
            Ruleset::new(Family::default(), Arc::default()),
            Params::default(),
            Watch::new(&Limits::default()),
        )
    }
}
