//! `-m cpu`: the processor that handles the packet.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{Number, Value};

pub(super) static CPU: Extension = Extension {
    options: &[OptionSpec::negatable("cpu", Value::Number(Number::U32))],
    rules: &[Rule::AnyOf(&["cpu"])],
    ..Extension::matching("cpu")
};
