//! `-m dscp`: the code point of differentiated services.

use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{Number, Sink, Value};

const ANY: &[&str] = &["dscp", "dscp-class"];

pub(super) static DSCP: Extension = Extension {
    options: &[
        OptionSpec::negatable("dscp", Value::Number(Number::new(0, 63).padded(2))),
        OptionSpec::negatable("dscp-class", Value::DscpClass),
    ],
    rules: &[Rule::AnyOf(ANY), Rule::OneOf(ANY)],
    printing: Printing::Options(print),
    ..Extension::matching("dscp")
};

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    if let Some(given) = ANY.iter().find_map(|long| instance.get(long)) {
        given.push_as("dscp", out);
    }
}
