//! `-j SECMARK`: a security context for the packet.

use crate::model::extension::{Extension, OptionSpec, Rule, TableSet};
use crate::model::names::TableName;
use crate::model::value::{Text, Value};

pub(super) static SECMARK: Extension = Extension {
    tables: TableSet::of(&[TableName::Mangle, TableName::Security]),
    options: &[OptionSpec::new("selctx", Value::Text(Text::BARE.cut(255)))],
    rules: &[Rule::AnyOf(&["selctx"])],
    ..Extension::target("SECMARK")
};
