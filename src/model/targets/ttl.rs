//! `-j TTL` and `-j HL`: how many hops are left.

use crate::model::extension::{Extension, Families, OptionSpec, Rule, TableSet};
use crate::model::names::TableName;
use crate::model::value::Value;

const TTL_ANY: &[&str] = &["ttl-set", "ttl-dec", "ttl-inc"];
const HL_ANY: &[&str] = &["hl-set", "hl-dec", "hl-inc"];
const TABLES: TableSet = TableSet::of(&[TableName::Mangle]);

pub(super) static TTL: Extension = Extension {
    families: Families::Ipv4,
    tables: TABLES,
    options: &[
        OptionSpec::new("ttl-set", Value::number(0, 255)),
        OptionSpec::new("ttl-dec", Value::number(1, 255)),
        OptionSpec::new("ttl-inc", Value::number(1, 255)),
    ],
    rules: &[Rule::AnyOf(TTL_ANY), Rule::OneOf(TTL_ANY)],
    ..Extension::target("TTL")
};

pub(super) static HL: Extension = Extension {
    families: Families::Ipv6,
    tables: TABLES,
    options: &[
        OptionSpec::new("hl-set", Value::number(0, 255)),
        OptionSpec::new("hl-dec", Value::number(1, 255)),
        OptionSpec::new("hl-inc", Value::number(1, 255)),
    ],
    rules: &[Rule::AnyOf(HL_ANY), Rule::OneOf(HL_ANY)],
    ..Extension::target("HL")
};
