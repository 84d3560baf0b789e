//! Every option by name, for scripts that say a rule as a map, and for hints.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::base::{Arity, BaseOption, SPELLED};
use crate::model::Family;
use crate::model::extension::{Extension, Kind, OptionSpec};
use crate::model::value::fault::closest;
use crate::model::value::protocol;
use crate::model::{matches, targets};

/// An option of a match or target.
#[derive(Clone, Copy, Debug)]
pub struct Owned {
    /// The match or target that has it.
    pub extension: &'static Extension,
    /// The option.
    pub option: &'static OptionSpec,
}

/// What a key of a map means.
#[derive(Clone, Debug)]
pub enum Key {
    /// An option that every rule can have.
    Base(BaseOption),
    /// An option of these matches and targets.
    Extension(&'static [Owned]),
}

static OWNERS: LazyLock<FxHashMap<&'static str, Vec<Owned>>> = LazyLock::new(|| {
    let mut owners: FxHashMap<&'static str, Vec<Owned>> = FxHashMap::default();
    for extension in matches::ALL.iter().chain(targets::ALL).copied() {
        for option in extension.options {
            for name in option.names() {
                owners.entry(name).or_default().push(Owned { extension, option });
            }
        }
    }
    owners
});

/// The matches and targets that have the option `long`, the matches first.
#[must_use]
pub fn owners(long: &str) -> &'static [Owned] {
    OWNERS.get(long).map(Vec::as_slice).unwrap_or_default()
}

/// What `name` means: a long option, with `_` or `-` between its words.
#[must_use]
pub fn find(name: &str) -> Option<Key> {
    let long = name.replace('_', "-");
    if let Some(option) = base(&long) {
        return Some(Key::Base(option));
    }
    let owners = owners(&long);
    (!owners.is_empty()).then_some(Key::Extension(owners))
}

/// The option of every rule that is called `long`.
#[must_use]
pub fn base(long: &str) -> Option<BaseOption> {
    let usable =
        SPELLED.iter().filter(|spelled| !matches!(spelled.option, BaseOption::Refused | BaseOption::Idle));
    usable.filter(|spelled| spelled.long == long).map(|spelled| spelled.option).next()
}

/// The match or target that `long` means in a rule of `family` with this protocol, among `loaded` or by itself: one that is
/// loaded, else the protocol's own, else the only one there is, else the first match.
#[must_use]
pub fn owner(long: &str, family: Family, protocol: Option<u8>, loaded: &[&str]) -> Option<Owned> {
    let fits = |owned: &&Owned| owned.extension.families.contains(family);
    let owners: Vec<Owned> = owners(long).iter().filter(fits).copied().collect();
    let by = |test: &dyn Fn(&Extension) -> bool| owners.iter().find(|owned| test(owned.extension)).copied();
    by(&|extension| loaded.contains(&extension.name))
        .or_else(|| by(&|extension| protocol.is_some_and(|number| extension.protocols.contains(&number))))
        .or_else(|| by(&|extension| extension.kind == Kind::Match && extension.protocols.is_empty()))
        .or_else(|| owners.first().copied())
}

/// Every key that a map can have, for a did-you-mean.
pub fn all() -> impl Iterator<Item = &'static str> {
    let usable =
        SPELLED.iter().filter(|spelled| !matches!(spelled.option, BaseOption::Refused | BaseOption::Idle));
    usable.map(|spelled| spelled.long).chain(OWNERS.keys().copied())
}

/// The key most like `name`.
#[must_use]
pub fn similar(name: &str) -> Option<String> {
    closest(&name.replace('_', "-"), all()).map(|long| long.replace('-', "_"))
}

/// How many values an option of every rule takes.
#[must_use]
pub fn base_takes_value(option: BaseOption) -> bool {
    SPELLED.iter().any(|spelled| spelled.option == option && spelled.arity == Arity::One)
}

/// Where the option `long` is at home, for a rule that has not loaded its match.
#[must_use]
pub fn hint(long: &str, family: Family) -> Option<String> {
    let owner = owners(long).iter().find(|owned| owned.extension.families.contains(family))?.extension;
    match owner.protocols {
        [number, ..] if protocol::known_name(*number) == Some(owner.name) => {
            Some(format!("-p {} --{long}", owner.name))
        }
        _ if owner.kind == Kind::Target => Some(format!("-j {} --{long}", owner.name)),
        _ => Some(format!("-m {} --{long}", owner.name)),
    }
}
