//! Which option a long name means, among those that are loaded.

use super::Module;
use super::base::{Arity, SPELLED, Spelled};
use super::error::SpecErrorKind;
use crate::model::extension::OptionSpec;
use crate::model::value::Value;
use crate::model::value::fault::closest;

/// What a long name means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// An option of the command.
    Base(&'static Spelled),
    /// An option of the module with this index among the loaded ones.
    Extension(u16, u8, &'static OptionSpec),
}

impl Meaning {
    pub(super) const fn takes_value(self) -> bool {
        match self {
            Self::Base(spelled) => !matches!(spelled.arity, Arity::None),
            Self::Extension(_, _, option) => {
                option.value.words() > 0 && !matches!(option.value, Value::Optional(_))
            }
        }
    }

    /// Whether getopt takes two spellings for the same option.
    fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Base(one), Self::Base(two)) => one.short == two.short && one.arity == two.arity,
            (Self::Extension(module, option, _), Self::Extension(other, second, _)) => {
                module == other && option == second
            }
            _ => false,
        }
    }
}

/// The option of that very name: the command's own first, then those of the module loaded last.
pub(super) fn exact(name: &str, modules: &[Module]) -> Option<Meaning> {
    if let Some(spelled) = SPELLED.iter().find(|spelled| spelled.long == name) {
        return Some(Meaning::Base(spelled));
    }
    loaded(modules).find_map(|module| {
        let (option, found) = module.extension?.option(name)?;
        Some(Meaning::Extension(module.index, u8::try_from(option).ok()?, found))
    })
}

/// The one option that `name` abbreviates; ambiguous where there are several.
pub(super) fn abbreviated(name: &str, modules: &[Module]) -> Result<Option<Meaning>, SpecErrorKind> {
    let mut found: Option<(Meaning, &'static str)> = None;
    let mut others = Vec::new();
    for (meaning, long) in spellings(modules).filter(|(_, long)| long.starts_with(name)) {
        match found {
            Some((first, _)) if first.is_same(meaning) => {}
            Some(_) => others.push(format!("--{long}")),
            None => found = Some((meaning, long)),
        }
    }
    let Some((meaning, long)) = found else { return Ok(None) };
    if others.is_empty() {
        return Ok(Some(meaning));
    }
    others.insert(0, format!("--{long}"));
    Err(SpecErrorKind::AmbiguousOption { option: format!("--{name}"), candidates: others })
}

/// The option of the command that `name` abbreviates beyond doubt.
pub(super) fn plainly_abbreviated(name: &str) -> Option<Meaning> {
    let mut fitting = SPELLED.iter().filter(|spelled| spelled.long.starts_with(name));
    let found = fitting.next().filter(|spelled| name.len() > 3 && spelled.option.is_negatable())?;
    fitting.next().is_none().then_some(Meaning::Base(found))
}

/// The loaded option most like `name`.
pub(super) fn similar(name: &str, modules: &[Module]) -> Option<String> {
    let usable = spellings(modules).filter(|(meaning, _)| {
        !matches!(
            meaning,
            Meaning::Base(Spelled { option: super::BaseOption::Refused | super::BaseOption::Idle, .. })
        )
    });
    closest(name, usable.map(|(_, long)| long)).map(|long| format!("--{long}"))
}

/// Every spelling that is known, with its meaning.
fn spellings(modules: &[Module]) -> impl Iterator<Item = (Meaning, &'static str)> {
    let base = SPELLED.iter().map(|spelled| (Meaning::Base(spelled), spelled.long));
    let extensions = loaded(modules).filter_map(|module| Some((module.index, module.extension?)));
    let options = extensions.flat_map(|(index, extension)| {
        let numbered = extension.options.iter().zip(0_u8..);
        numbered.flat_map(move |(option, number)| {
            option.names().map(move |long| (Meaning::Extension(index, number, option), long))
        })
    });
    base.chain(options)
}

/// The modules, the one loaded last first; of several of one extension, only the first counts, as getopt has it.
fn loaded(modules: &[Module]) -> impl Iterator<Item = &Module> {
    modules.iter().rev().filter(|module| module.first == module.index)
}
