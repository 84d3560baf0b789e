//! `-j CONNSECMARK`: carries security marks between packet and connection.

use crate::model::extension::{Extension, OptionSpec, Rule, TableSet};
use crate::model::names::TableName;
use crate::model::value::Value;

const ANY: &[&str] = &["save", "restore"];

pub(super) static CONNSECMARK: Extension = Extension {
    tables: TableSet::of(&[TableName::Mangle, TableName::Security]),
    options: &[OptionSpec::new("save", Value::Nothing), OptionSpec::new("restore", Value::Nothing)],
    rules: &[Rule::AnyOf(ANY), Rule::OneOf(ANY)],
    ..Extension::target("CONNSECMARK")
};
