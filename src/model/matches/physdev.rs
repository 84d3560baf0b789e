//! `-m physdev`: the bridge port that a frame came in by or leaves by.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::names::Hook;
use crate::model::value::Value;

pub(super) static PHYSDEV: Extension = Extension {
    options: &[
        OptionSpec::negatable("physdev-is-in", Value::Nothing),
        OptionSpec::negatable("physdev-in", Value::Interface),
        OptionSpec::negatable("physdev-is-out", Value::Nothing).at(NOT_OUTPUT),
        OptionSpec::negatable("physdev-out", Value::Interface).at(NOT_OUTPUT),
        OptionSpec::negatable("physdev-is-bridged", Value::Nothing),
    ],
    rules: &[Rule::AnyOf(&[
        "physdev-in",
        "physdev-out",
        "physdev-is-in",
        "physdev-is-out",
        "physdev-is-bridged",
    ])],
    ..Extension::matching("physdev")
};

/// A bridge has not chosen the port yet when this host sends.
const NOT_OUTPUT: &[Hook] = &[Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Postrouting];
