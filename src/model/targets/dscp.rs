//! `-j DSCP`: sets the code point of differentiated services.

use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule, TableSet};
use crate::model::names::TableName;
use crate::model::value::{Number, Sink, Value};

const ANY: &[&str] = &["set-dscp", "set-dscp-class"];

pub(super) static DSCP: Extension = Extension {
    tables: TableSet::of(&[TableName::Mangle]),
    options: &[
        OptionSpec::new("set-dscp", Value::Number(Number::new(0, 63).padded(2))),
        OptionSpec::new("set-dscp-class", Value::DscpClass),
    ],
    rules: &[Rule::AnyOf(ANY), Rule::OneOf(ANY)],
    printing: Printing::Options(print),
    ..Extension::target("DSCP")
};

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    if let Some(given) = ANY.iter().find_map(|long| instance.get(long)) {
        given.push_as("set-dscp", out);
    }
}
