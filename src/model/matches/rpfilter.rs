//! `-m rpfilter`: whether the answer would leave by where the packet came in.

use crate::model::extension::{Extension, HookSet, OptionSpec, TableSet};
use crate::model::names::{Hook, TableName};
use crate::model::value::Value;

pub(super) static RPFILTER: Extension = Extension {
    tables: TableSet::of(&[TableName::Raw, TableName::Mangle]),
    hooks: HookSet::of(&[Hook::Prerouting]),
    options: &[
        OptionSpec::new("loose", Value::Nothing),
        OptionSpec::new("validmark", Value::Nothing),
        OptionSpec::new("accept-local", Value::Nothing),
        OptionSpec::new("invert", Value::Nothing),
    ],
    ..Extension::matching("rpfilter")
};
