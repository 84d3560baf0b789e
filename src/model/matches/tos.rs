//! `-m tos`: the type of service.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::Value;

pub(super) static TOS: Extension = Extension {
    options: &[OptionSpec::negatable("tos", Value::Tos)],
    rules: &[Rule::AnyOf(&["tos"])],
    ..Extension::matching("tos")
};
