//! What a run does about ownership: before the scripts run, when each begins, and when all are done.

use std::rc::Rc;
use std::sync::Arc;

use rhai::AST;
use rustc_hash::FxHashMap;

use super::owners::{self, Tagging};
use super::placing::{self, Mode};
use super::session::{Session, SharedSession};
use super::{Failure, Outcome, Script};
use crate::docker::Docker;
use crate::model::{ChainId, EditError, Hook, Origin, Policy, Ruleset, Symbol, TableName};
use crate::source::SourceFile;

/// The rules that scripts ask for in the chains that were read: their canonical form without a tag, and their owner.
pub(super) type Wanted = FxHashMap<ChainId, FxHashMap<String, String>>;

/// What the scripts of a run asked for.
pub(super) fn wanted(ruleset: &Ruleset) -> Wanted {
    let mut wanted = Wanted::default();
    for id in TableName::ALL.into_iter().flat_map(|table| ruleset.live_chains(table)) {
        let chain = ruleset.chain(id);
        if chain.base().is_none() || chain.created().is_some() {
            continue;
        }
        for rule in chain.rules().iter() {
            let Some(origin) = ruleset.asked_by(rule) else { continue };
            let owner = ruleset.symbols().name(origin.owner).to_owned();
            wanted.entry(id).or_default().entry(ruleset.untagged(rule)).or_insert(owner);
        }
    }
    wanted
}

/// Takes rules without a tag that are wanted, and not Docker's, for their owners'.
fn adopt(ruleset: &mut Ruleset, wanted: &Wanted) {
    let docker = Docker::default();
    let mut adopted = Vec::new();
    for (chain, forms) in wanted {
        for rule in ruleset.chain(*chain).rules().iter().filter(|rule| ruleset.owner(*rule).is_empty()) {
            let Some(owner) = forms.get(&ruleset.untagged(rule)) else { continue };
            if !docker.is_docker(ruleset, *chain, rule) {
                adopted.push((rule, owner));
            }
        }
    }
    for (rule, owner) in adopted {
        ruleset.adopt(rule, owner);
    }
}

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
    /// Rules that are `wanted` become the scripts' first.
    ///
    /// # Errors
    /// What [`owners::owners`] answers.
    pub(super) fn begin(
        session: &SharedSession,
        scripts: &[(&Script, AST)],
        tagging: &Tagging,
        wanted: Option<&Wanted>,
    ) -> Result<Self, Failure> {
        let mut session = session.borrow_mut();
        session.ruleset.read_owners();
        let given = match tagging {
            Tagging::Tags { owner, .. } => owner.as_deref(),
            Tagging::None => {
                session.others = session.ruleset.has_owners_beside(&[]);
                return Ok(Self { mode: Mode::Untagged, owners: Vec::new(), origins: FxHashMap::default() });
            }
        };
        let names = owners::owners(scripts, given).map_err(|diagnostic| Failure::of(*diagnostic))?;
        let mut run =
            Self { mode: Mode::Tags, owners: Vec::with_capacity(names.len()), origins: FxHashMap::default() };
        for (name, (script, _)) in names.iter().zip(scripts) {
            let owner = session.ruleset.owner_symbol(name);
            let script = Arc::clone(&script.source);
            let origin = Origin { script, line: 0, column: 0, docker_edits: false, owner };
            run.owners.push((owner, Rc::from(name.as_str())));
            run.origins.insert(owner, origin);
        }
        let owners: Vec<Symbol> = run.owners.iter().map(|(owner, _)| *owner).collect();
        session.others = session.ruleset.has_owners_beside(&owners) || names.len() > 1;
        if let Some(wanted) = wanted {
            adopt(&mut session.ruleset, wanted);
        }
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
    let owners = vec![name.to_owned()];
    let diagnostics = unknown.into_iter().collect();
    Ok(Outcome {
        ruleset,
        diagnostics,
        sets: Vec::new(),
        owners,
        allowed: Vec::new(),
        expectations: Vec::new(),
        admins: Vec::new(),
    })
}
