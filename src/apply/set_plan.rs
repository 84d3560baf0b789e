//! What is to change in the kernel's sets, so that it has those that the scripts declare.

use std::collections::BTreeSet;
use std::path::Path;

use super::ipset::{self, Ipset};
use super::record::SetRecord;
use super::run::Which;
use super::set_owners::Owners;
use crate::diagnostic::Diagnostic;
use crate::model::ipset::Entry;
use crate::model::{Family, Origin};
use crate::save::ipset::{self as text, Content, Held};
use crate::script::IpSet;

/// What a run wants of sets.
#[derive(Debug)]
pub struct Wanted<'s> {
    /// The sets that its scripts declare.
    pub declared: Vec<&'s IpSet>,
    /// The owners of the run: what they declared before and do not any more goes.
    pub owners: BTreeSet<&'s str>,
    /// The families of the run.
    pub families: Vec<Family>,
}

/// What changes in one set.
#[derive(Debug)]
pub struct PlannedSet<'s> {
    /// Its name.
    pub name: String,
    /// Its family.
    pub family: Family,
    /// The script line that declares it; none where none does any more.
    pub origin: Option<&'s Origin>,
    base: Option<Content>,
    target: Option<Content>,
    from: Option<String>,
    to: Option<String>,
}

/// What changes in the kernel's sets.
#[derive(Debug, Default)]
pub struct SetPlan<'s> {
    /// The sets that change.
    pub sets: Vec<PlannedSet<'s>>,
    /// What is to be said of them.
    pub warnings: Vec<Diagnostic>,
    ipset: Option<Ipset>,
}

impl PlannedSet<'_> {
    /// The entries that come, and those that go.
    #[must_use]
    pub fn entries(&self) -> (Vec<Entry>, Vec<Entry>) {
        let side = |content: Option<&Content>| -> BTreeSet<Entry> {
            content.map(|content| content.entries.iter().copied().collect()).unwrap_or_default()
        };
        let (base, target) = (side(self.base.as_ref()), side(self.target.as_ref()));
        (target.difference(&base).copied().collect(), base.difference(&target).copied().collect())
    }

    /// Whether it is made, changed or taken off.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match (&self.base, &self.target) {
            (None, Some(_)) => "new",
            (Some(_), None) => "gone",
            _ => "changed",
        }
    }

    const fn is_in_kernel(&self) -> bool {
        self.base.is_some() || self.target.is_some()
    }

    fn record(&self) -> SetRecord {
        let (added, removed) = self.entries();
        SetRecord {
            name: self.name.clone(),
            family: self.family.as_str().to_owned(),
            added: added.len(),
            removed: removed.len(),
            from: self.from.clone(),
            to: self.to.clone(),
        }
    }
}

impl SetPlan<'_> {
    /// Whether nothing changes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Whether a set of the family changes.
    #[must_use]
    pub fn changes(&self, family: Family) -> bool {
        self.sets.iter().any(|set| set.family == family)
    }

    /// The program that makes the changes.
    #[must_use]
    pub fn program(&self) -> Option<&Path> {
        self.ipset.as_ref().map(Ipset::path)
    }

    /// What a run keeps of them.
    #[must_use]
    pub fn records(&self) -> Vec<SetRecord> {
        self.sets.iter().map(PlannedSet::record).collect()
    }

    /// All sets that change, as they are on one side.
    #[must_use]
    pub fn text(&self, which: Which) -> Vec<u8> {
        let mut out = Vec::new();
        for set in &self.sets {
            let content = match which {
                Which::Base => &set.base,
                Which::Target => &set.target,
            };
            // Memory takes all that is written.
            let _ = content.as_ref().map(|content| text::write(&set.name, content, &mut out));
        }
        out
    }
}

/// What a declared set is to hold.
fn content(set: &IpSet) -> Content {
    Content { family: set.family, entries: set.entries.clone() }
}

/// What makes these sets.
pub(super) fn creation<'s>(sets: impl IntoIterator<Item = &'s IpSet>) -> Vec<u8> {
    let mut out = Vec::new();
    for set in sets {
        // Memory takes all that is written.
        let _ = text::write(&set.name, &content(set), &mut out);
    }
    out
}

/// Finds out what is to change; `used` tells which sets the rules will name.
///
/// # Errors
/// That a set cannot be made, or that its name is another's.
pub fn plan<'s>(
    wanted: &Wanted<'s>,
    owned: &Owners,
    ipset: Option<Ipset>,
    used: impl FnOnce() -> BTreeSet<String>,
) -> Result<SetPlan<'s>, Diagnostic> {
    refuse_both_families(wanted, owned)?;
    let left = left(wanted, owned);
    if wanted.declared.is_empty() && left.is_empty() {
        return Ok(SetPlan::default());
    }
    let ipset = match ipset {
        Some(ipset) => ipset,
        None if wanted.declared.is_empty() => return Ok(SetPlan::default()),
        None => {
            return Err(wanted.declared.iter().fold(ipset::missing(), |error, set| at(error, &set.origin)));
        }
    };
    let names: BTreeSet<String> = ipset.names()?.into_iter().collect();
    let held = |name: &str| names.contains(name).then(|| ipset.held(name)).transpose();
    let mut plan = SetPlan::default();
    for set in &wanted.declared {
        plan.sets.extend(declared(set, wanted, owned, held(&set.name)?)?);
    }
    let used = if left.is_empty() { BTreeSet::new() } else { used() };
    for name in left {
        let held = held(name)?;
        plan.leave(name, owned, held, used.contains(name));
    }
    // That a set was ours which a reboot took off is no change of its own.
    if !plan.sets.iter().any(PlannedSet::is_in_kernel) && plan.warnings.is_empty() {
        plan.sets.clear();
    }
    plan.ipset = Some(ipset);
    Ok(plan)
}

/// The sets that the owners of the run declared before, and do not any more.
fn left<'o>(wanted: &Wanted<'_>, owned: &'o Owners) -> Vec<&'o str> {
    let is_declared = |name: &str| wanted.declared.iter().any(|set| set.name == name);
    let left = owned.iter().filter(|(name, set)| {
        wanted.owners.contains(set.owner.as_str())
            && wanted.families.contains(&set.family())
            && !is_declared(name)
    });
    left.map(|(name, _)| name.as_str()).collect()
}

fn refuse_both_families(wanted: &Wanted<'_>, owned: &Owners) -> Result<(), Diagnostic> {
    for (index, set) in wanted.declared.iter().enumerate() {
        let other = wanted.declared.iter().take(index).any(|other| other.name == set.name);
        let was = owned.get(&set.name).is_some_and(|owned| owned.family() != set.family);
        if other || was {
            let IpSet { name, origin, .. } = set;
            let message = format!("the set `{name}` would hold addresses of both families");
            return Err(at(Diagnostic::error("set-of-both-families", message), origin)
                .note("the kernel's sets are of one family each, and share their names")
                .help(format!("name one for each family: `\"{name}-\" + family`, in `.set(…)` as well")));
        }
    }
    Ok(())
}

fn at(diagnostic: Diagnostic, origin: &Origin) -> Diagnostic {
    let span = origin.script.expression_span(origin.line, origin.column);
    diagnostic.at(&origin.script, span, "")
}

/// The change of a set that a script declares; none where the kernel has it.
fn declared<'s>(
    set: &'s IpSet,
    wanted: &Wanted<'_>,
    ours: &Owners,
    held: Option<Held>,
) -> Result<Option<PlannedSet<'s>>, Diagnostic> {
    let target = content(set);
    let owner = ours.get(&set.name).map(|set| set.owner.as_str());
    let may = |owner: &str| owner == set.owner || owner.is_empty() || wanted.owners.contains(owner);
    let base = match (owner, held) {
        (Some(owner), _) if !may(owner) => return Err(anothers(set, owner)),
        (_, None) => None,
        (None, Some(Held::Addresses(live))) if live == target => return Ok(None),
        (Some(_), Some(Held::Addresses(live))) if live.family == set.family => Some(live),
        _ => return Err(foreign(set)),
    };
    if base.as_ref() == Some(&target) && owner == Some(set.owner.as_str()) {
        return Ok(None);
    }
    Ok(Some(PlannedSet {
        name: set.name.clone(),
        family: set.family,
        origin: Some(&set.origin),
        base,
        target: Some(target),
        from: owner.map(str::to_owned),
        to: Some(set.owner.clone()),
    }))
}

fn foreign(set: &IpSet) -> Diagnostic {
    let IpSet { name, origin, .. } = set;
    let message = format!("this host has a set `{name}` already, which no script made");
    at(Diagnostic::error("foreign-set", message), origin)
        .note("it holds something else than the script's, and would be overwritten")
        .help("choose another name for the script's set")
        .help(format!("or, if nothing needs it, take it off: `ipset destroy {name}`"))
}

fn anothers(set: &IpSet, owner: &str) -> Diagnostic {
    let IpSet { name, origin, .. } = set;
    let message = format!("the set `{name}` belongs to the scripts of the owner `{owner}`");
    at(Diagnostic::error("foreign-set", message), origin)
        .help("choose another name for this script's set")
        .help(format!("or take the other's off first: `dwscript remove --owner {owner} --apply`"))
}

impl SetPlan<'_> {
    /// Takes a set off that no script declares any more; lets go of one that others use.
    fn leave(&mut self, name: &str, owned: &Owners, held: Option<Held>, is_named: bool) {
        let Some(set) = owned.get(name) else { return };
        let base = match held {
            Some(Held::Addresses(content)) if !is_named => Some(content),
            None => None,
            Some(_) => {
                let why = if is_named { "rules name it" } else { "others have changed it" };
                let message = format!("the set `{name}` is not declared any more, and stays: {why}");
                self.warnings.push(
                    Diagnostic::warning("set-stays", message)
                        .help(format!("`ipset destroy {name}` takes it off once nothing needs it")),
                );
                None
            }
        };
        self.sets.push(PlannedSet {
            name: name.to_owned(),
            family: set.family(),
            origin: None,
            base,
            target: None,
            from: Some(set.owner.clone()),
            to: None,
        });
    }
}
