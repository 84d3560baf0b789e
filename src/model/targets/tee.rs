//! `-j TEE`: a copy of the packet to another host.

use crate::model::extension::{Extension, Instance, OptionSpec, Print, Rule};
use crate::model::value::host::{self, Mask};
use crate::model::value::{SpecErrorKind, Text, Value};

pub(super) static TEE: Extension = Extension {
    options: &[
        OptionSpec::new("gateway", Value::Host(Mask::None)),
        OptionSpec::new("oif", Value::Text(Text::BARE.cut(15))).print(Print::Unless("\"\"")),
    ],
    rules: &[Rule::AnyOf(&["gateway"])],
    check: Some(check),
    ..Extension::target("TEE")
};

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    match instance.get("gateway") {
        Some(given) if host::lookup(given.argument.text(), instance.family)? == 0 => {
            Err(instance.refused("`--gateway` is no host's address; give one"))
        }
        _ => Ok(()),
    }
}
