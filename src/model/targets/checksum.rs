//! `-j CHECKSUM`: fills in the checksum.

use crate::model::extension::{Extension, OptionSpec, Rule, TableSet};
use crate::model::names::TableName;
use crate::model::value::Value;

pub(super) static CHECKSUM: Extension = Extension {
    tables: TableSet::of(&[TableName::Mangle]),
    options: &[OptionSpec::new("checksum-fill", Value::Nothing)],
    rules: &[Rule::AnyOf(&["checksum-fill"])],
    ..Extension::target("CHECKSUM")
};
