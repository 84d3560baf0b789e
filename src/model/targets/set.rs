//! `-j SET`: puts the packet's addresses into an ipset, or takes them out.

use crate::model::extension::{Extension, Instance, OptionSpec, Rule};
use crate::model::matches::SET_NAME;
use crate::model::names::{Hook, TableName};
use crate::model::value::{SpecErrorKind, Value};

const MAPPED: &[&str] = &["map-mark", "map-prio", "map-queue"];

pub(super) static SET: Extension = Extension {
    options: &[
        OptionSpec::new("add-set", SET_VALUE).ignoring_negation(),
        OptionSpec::new("exist", Value::Nothing).repeated().ignoring_negation(),
        OptionSpec::new("timeout", Value::number(0, u32::MAX as u64 - 1)).repeated().ignoring_negation(),
        OptionSpec::new("del-set", SET_VALUE).ignoring_negation(),
        OptionSpec::new("map-set", SET_VALUE).ignoring_negation().within(&[TableName::Mangle]),
        OptionSpec::new("map-mark", Value::Nothing).repeated().ignoring_negation(),
        OptionSpec::new("map-prio", Value::Nothing).repeated().ignoring_negation().at(LEAVING),
        OptionSpec::new("map-queue", Value::Nothing).repeated().ignoring_negation().at(LEAVING),
    ],
    rules: &[
        Rule::AnyOf(&["add-set", "del-set", "map-set"]),
        Rule::Needs("exist", "add-set"),
        Rule::Needs("timeout", "add-set"),
        Rule::Needs("map-mark", "map-set"),
        Rule::Needs("map-prio", "map-set"),
        Rule::Needs("map-queue", "map-set"),
    ],
    check: Some(check),
    ..Extension::target("SET")
};

/// Where the packet's priority and queue still matter.
const LEAVING: &[Hook] = &[Hook::Forward, Hook::Output, Hook::Postrouting];

const SET_VALUE: Value = Value::Custom(&SET_NAME);

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    if instance.has("map-set") && !MAPPED.iter().any(|long| instance.has(long)) {
        return Err(SpecErrorKind::MissingOption { extension: instance.title(), options: MAPPED });
    }
    Ok(())
}
