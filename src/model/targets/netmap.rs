//! `-j NETMAP`: one network for another.

use crate::model::extension::{Extension, HookSet, OptionSpec, Rule, TableSet};
use crate::model::names::{Hook, TableName};
use crate::model::value::Value;
use crate::model::value::host::Mask;

pub(super) static NETMAP: Extension = Extension {
    tables: TableSet::of(&[TableName::Nat]),
    hooks: HookSet::of(&[Hook::Prerouting, Hook::Input, Hook::Output, Hook::Postrouting]),
    options: &[OptionSpec::new("to", Value::Host(Mask::Applied))],
    rules: &[Rule::AnyOf(&["to"])],
    ..Extension::target("NETMAP")
};
