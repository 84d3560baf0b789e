//! What the functions of a script work on: the draft of the ruleset, and what the run has gathered so far.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use rhai::{Dynamic, NativeCallContext};

use super::params::Params;
use super::pattern::Pattern;
use crate::diagnostic::Diagnostic;
use crate::model::{Family, Origin, Ruleset};
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
    /// Compiled patterns by their text.
    pub(crate) patterns: HashMap<String, Pattern>,
    /// The parameters of the run.
    pub(crate) params: Params,
    /// Declared ipsets.
    pub(crate) sets: Vec<IpSet>,
    /// Scripts and modules by the name that Rhai knows them by.
    pub(crate) sources: HashMap<String, Arc<SourceFile>>,
    /// The name of the script that runs.
    pub(crate) current: String,
}

/// An ipset that a script declared.
#[derive(Clone, Debug)]
pub struct IpSet {
    /// Its name.
    pub name: String,
    /// Its entries: addresses, or addresses with a prefix.
    pub entries: Vec<String>,
    /// The script line that declared it.
    pub origin: Origin,
}

impl Session {
    /// The script or module that Rhai calls `name`; the script that runs where that is not known.
    pub(super) fn source(&self, name: Option<&str>) -> Arc<SourceFile> {
        let named = name.and_then(|name| self.sources.get(name));
        named.or_else(|| self.sources.get(&self.current)).cloned().unwrap_or_default()
    }
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
    Origin {
        script: session.source(context.call_source()),
        line: number(position.line()),
        column: number(position.position()),
        docker_edits: session.docker_edits,
    }
}

/// The session as an engine's tag.
pub(super) fn tag(session: &SharedSession) -> Dynamic {
    Dynamic::from(Rc::clone(session))
}

impl Session {
    /// A session over a draft.
    pub(super) fn new(ruleset: Ruleset, params: Params) -> Self {
        Self {
            ruleset,
            notes: Vec::new(),
            warnings: Vec::new(),
            docker_edits: false,
            interfaces: Vec::new(),
            patterns: HashMap::new(),
            params,
            sets: Vec::new(),
            sources: HashMap::new(),
            current: String::new(),
        }
    }

    /// A session over nothing.
    pub(super) fn empty() -> Self {
        Self::new(Ruleset::new(Family::default(), Arc::default()), Params::default())
    }
}
