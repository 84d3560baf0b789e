//! What a run changes in the kernel's sets, and its way back.
//!
//! Sets are there before the rules that name them, and go after them. A set that no script declares any more goes when
//! the run is confirmed: until then the way back needs no more than the rules.

use std::collections::BTreeSet;

use super::commit::Way;
use super::ipset::Ipset;
use super::lock::Lock;
use super::record::SetRecord;
use super::run::{Run, Which};
use super::set_owners::{self, Owned};
use crate::diagnostic::Diagnostic;
use crate::model::ipset::Entry;
use crate::save::ipset::{self, Content, Held};

/// What a run changes in sets.
#[derive(Clone, Debug)]
pub struct SetChanges<'r> {
    run: &'r Run,
    ipset: Option<Ipset>,
    sets: Vec<SetChange<'r>>,
}

#[derive(Clone, Debug)]
struct SetChange<'r> {
    record: &'r SetRecord,
    base: Option<Content>,
    target: Option<Content>,
}

impl SetChange<'_> {
    const fn ends(&self, way: Way) -> (Option<&Content>, Option<&Content>) {
        match way {
            Way::Forward => (self.base.as_ref(), self.target.as_ref()),
            Way::Back => (self.target.as_ref(), self.base.as_ref()),
        }
    }

    fn owner(&self, way: Way) -> Option<Owned> {
        let owner = match way {
            Way::Forward => self.record.to.as_deref(),
            Way::Back => self.record.from.as_deref(),
        };
        owner.map(|owner| Owned::new(owner, self.record.family()))
    }

    /// What the set is to hold: all that the scripts said on the way forward, and on the way back what is there less what
    /// came by the run, and with what went by it.
    fn desired(&self, way: Way, live: Option<&Held>) -> Option<Content> {
        let (from, to) = self.ends(way);
        let to = to?;
        let (Way::Back, Some(from), Some(Held::Addresses(live))) = (way, from, live) else {
            return Some(to.clone());
        };
        let [from, to, live] =
            [from, to, live].map(|content| content.entries.iter().copied().collect::<BTreeSet<Entry>>());
        let came = live.iter().filter(|entry| to.contains(entry) || !from.contains(entry));
        let mut entries: Vec<Entry> = came.chain(to.difference(&from)).copied().collect();
        entries.sort_unstable();
        entries.dedup();
        Some(Content { family: self.record.family(), entries })
    }
}

impl<'r> SetChanges<'r> {
    /// The changes of a run.
    ///
    /// # Errors
    /// That they cannot be read.
    pub fn of(run: &'r Run) -> Result<Self, Diagnostic> {
        let record = run.record();
        if record.sets.is_empty() {
            return Ok(Self { run, ipset: None, sets: Vec::new() });
        }
        let side = |which| {
            let text = run.sets(which).map_err(|error| {
                let message = format!("the sets of run {} cannot be read: {error}", run.id());
                Diagnostic::error("unreadable-state", message)
            })?;
            Ok::<_, Diagnostic>(ipset::parse(&text))
        };
        let (base, target) = (side(Which::Base)?, side(Which::Target)?);
        let content = |side: &[(String, Held)], name: &str| {
            let found = side.iter().find(|(found, _)| found == name);
            found.and_then(|(_, held)| match held {
                Held::Addresses(content) => Some(content.clone()),
                Held::Other => None,
            })
        };
        let change = |record: &'r SetRecord| SetChange {
            record,
            base: content(&base, &record.name),
            target: content(&target, &record.name),
        };
        let ipset = record.ipset.as_deref().and_then(Ipset::at);
        Ok(Self { run, ipset, sets: record.sets.iter().map(change).collect() })
    }

    /// How many sets change.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.sets.len()
    }

    /// Whether none does.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Before the rules change: every set is there that they will name.
    ///
    /// # Errors
    /// That the kernel or the file system refuses it.
    pub fn prepare(&self, way: Way, lock: &Lock) -> Result<(), Diagnostic> {
        let Some(ipset) = &self.ipset else { return Ok(()) };
        // They are noted as ours first: what a killed run leaves is known.
        self.note(|owners, change| {
            if let Some(owned) = change.owner(way) {
                owners.insert(change.record.name.clone(), owned);
            }
        })?;
        let names = ipset.names()?;
        let mut sets = Vec::new();
        for change in &self.sets {
            let name = change.record.name.as_str();
            let is_there = names.iter().any(|known| known == name);
            let live = is_there.then(|| ipset.held(name)).transpose()?;
            let Some(desired) = change.desired(way, live.as_ref()) else { continue };
            if live != Some(Held::Addresses(desired.clone())) {
                sets.push((name, desired));
            }
        }
        ipset.put(&sets, lock)?;
        for (name, desired) in sets {
            if ipset.held(name)? != Held::Addresses(desired) {
                let message = format!("the set `{name}` does not hold what it was given");
                return Err(Diagnostic::error("not-held", message));
            }
        }
        Ok(())
    }

    /// When the rules have changed, and on the way forward are confirmed: the sets go that none of them names any more.
    ///
    /// # Errors
    /// That rules name one still, or that this cannot be written.
    pub fn finish(&self, way: Way) -> Result<(), Diagnostic> {
        let Some(ipset) = &self.ipset else { return Ok(()) };
        let gone = self.sets.iter().filter(|change| change.ends(way).1.is_none());
        for change in gone.filter(|change| change.ends(way).0.is_some()) {
            ipset.destroy(&change.record.name)?;
        }
        self.note(|owners, change| match change.owner(way) {
            Some(owned) => drop(owners.insert(change.record.name.clone(), owned)),
            None => drop(owners.remove(&change.record.name)),
        })
    }

    /// Forgets what a reboot has taken off: on the way back, the sets of the run.
    ///
    /// # Errors
    /// That this cannot be written.
    pub fn forget(&self) -> Result<(), Diagnostic> {
        self.note(|owners, change| {
            if change.owner(Way::Back).is_none() {
                owners.remove(&change.record.name);
            }
        })
    }

    fn note(
        &self,
        mut change: impl FnMut(&mut set_owners::Owners, &SetChange<'_>),
    ) -> Result<(), Diagnostic> {
        if self.sets.is_empty() {
            return Ok(());
        }
        let state_dir = self.run.state_dir();
        let before = set_owners::read(&state_dir)?;
        let mut owners = before.clone();
        self.sets.iter().for_each(|set| change(&mut owners, set));
        if owners == before {
            return Ok(());
        }
        set_owners::write(&state_dir, &owners).map_err(|error| {
            let message = format!("the state directory {} cannot be written: {error}", state_dir.display());
            Diagnostic::error("unwritable-state", message)
        })
    }
}
