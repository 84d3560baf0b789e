//! `-m multiport`: up to 15 ports.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::Value;

const ANY: &[&str] = &["sports", "dports", "ports"];

pub(super) static MULTIPORT: Extension = Extension {
    options: &[
        OptionSpec::negatable("sports", Value::PortList).aliases(&["source-ports"]),
        OptionSpec::negatable("dports", Value::PortList).aliases(&["destination-ports"]),
        OptionSpec::negatable("ports", Value::PortList),
    ],
    rules: &[Rule::AnyOf(ANY), Rule::OneOf(ANY)],
    ..Extension::matching("multiport")
};
