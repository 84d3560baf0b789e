//! What a run does about ownership: before the scripts run, when each begins, and when all are done.

use std::rc::Rc;
use std::sync::Arc;

use rhai::AST;
use rustc_hash::FxHashMap;

use super::owners::{self, Tagging};
use super::placing::{self, Mode};
use super::session::{Session, SharedSession};
use super::{Failure, Outcome, Script};
use crate::model::{EditError, Hook, Origin, Policy, Ruleset, Symbol, TableName};
use crate::source::SourceFile;

/// The owners of a run.
pub(super) struct Run {
    mode: Mode,
    /// The owner of each script, in their order; none without tags.
    owners: Vec<(Symbol, Rc<str>)>,
    /// Where rules that are taken out are said to come from: the script of their owner.
    origins: FxHashMap<Symbol, Origin>,
}

impl Run {
    /// Learns the scripts' owners, and sets their rules aside.
    ///
    /// # Errors
    /// What [`owners::owners`] answers.
    pub(super) fn begin(
        session: &SharedSession,
        scripts: &[(&Script, AST)],
        tagging: &Tagging,
    ) -> Result<Self, Failure> {
        let mut session = session.borrow_mut();
        session.ruleset.read_owners();
        let (given, adopt) = match tagging {
            Tagging::Tags { owner, adopt } => (owner.as_deref(), *adopt),
            Tagging::None => {
                session.others = session.ruleset.has_owners_beside(&[]);
                return Ok(Self { mode: Mode::Untagged, owners: Vec::new(), origins: FxHashMap::default() });
            }
        };
        let names = owners::owners(scripts, given).map_err(|diagnostic| Failure::of(*diagnostic))?;
        let mut run = Self {
            mode: if adopt { Mode::Adopt } else { Mode::Tags },
            owners: Vec::with_capacity(names.len()),
            origins: FxHashMap::default(),
        };
        for (name, (script, _)) in names.iter().zip(scripts) {
            let owner = session.ruleset.owner_symbol(name);
            let script = Arc::clone(&script.source);
            let origin = Origin { script, line: 0, column: 0, docker_edits: false, owner };
            run.owners.push((owner, Rc::from(name.as_str())));
            run.origins.insert(owner, origin);
        }
        let owners: Vec<Symbol> = run.owners.iter().map(|(owner, _)| *owner).collect();
        session.others = session.ruleset.has_owners_beside(&owners) || names.len() > 1;
        session.ruleset.set_aside(&owners);
        session.owners = owners;
        Ok(run)
    }

    /// Begins the script of this index.
    pub(super) fn enter(&self, session: &SharedSession, index: usize) {
        let mut session = session.borrow_mut();
        let owner = self.owners.get(index);
        session.owner = owner.map_or(Symbol::EMPTY, |(owner, _)| *owner);
        session.owner_name = owner.map(|(_, name)| Rc::clone(name));
    }

    /// Puts the rules of the run in their places.
    pub(super) fn place(&self, session: &mut Session) {
        placing::place(&mut session.ruleset, self.mode, &session.anchors, &self.origins);
    }
}

/// Takes the rules of an owner off.
pub(super) fn remove(
    mut ruleset: Ruleset,
    name: &str,
    policies: &[(Hook, Policy)],
) -> Result<Outcome, EditError> {
    ruleset.read_owners();
    let owner = ruleset.owner_symbol(name);
    let command = SourceFile::from_bytes(format!("remove --owner {name}"), Vec::new()).unwrap_or_default();
    let origin = Origin { script: Arc::new(command), line: 0, column: 0, docker_edits: false, owner };
    for (hook, policy) in policies {
        if let Some(chain) = ruleset.builtin(TableName::Filter, *hook) {
            ruleset.set_policy(chain, *policy, origin.clone())?;
        }
    }
    let names = ruleset.owner_names();
    let unknown = (!names.contains(&name)).then(|| owners::unknown(name, &names));
    ruleset.set_aside(&[owner]);
    let origins = FxHashMap::from_iter([(owner, origin)]);
    placing::place(&mut ruleset, Mode::Tags, &FxHashMap::default(), &origins);
    Ok(Outcome { ruleset, diagnostics: unknown.into_iter().collect(), sets: Vec::new() })
}
