//! `-m helper`: connections that a connection tracking helper expected.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{Text, Value};

pub(super) static HELPER: Extension = Extension {
    options: &[OptionSpec::negatable("helper", Value::Text(Text::QUOTED.cut(29)))],
    rules: &[Rule::AnyOf(&["helper"])],
    ..Extension::matching("helper")
};
