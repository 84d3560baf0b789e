//! `-m length`: the length of the packet.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{NumberRange, Value};

pub(super) static LENGTH: Extension = Extension {
    options: &[OptionSpec::negatable("length", Value::NumberRange(NumberRange::U16))],
    rules: &[Rule::AnyOf(&["length"])],
    ..Extension::matching("length")
};
