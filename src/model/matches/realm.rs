//! `-m realm`: the routing realm.

use crate::model::extension::{Extension, Families, HookSet, OptionSpec, Rule};
use crate::model::names::Hook;
use crate::model::value::Value;
use crate::model::value::hostfile::HostFile;

pub(super) static REALM: Extension = Extension {
    families: Families::Ipv4,
    hooks: HookSet::of(&[Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting]),
    options: &[OptionSpec::negatable("realm", Value::Named(HostFile::Realms))],
    rules: &[Rule::AnyOf(&["realm"])],
    ..Extension::matching("realm")
};
