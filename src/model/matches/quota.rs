//! `-m quota`: so many bytes, and no more.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{Number, Value};

pub(super) static QUOTA: Extension = Extension {
    options: &[OptionSpec::negatable("quota", Value::Number(Number::U64))],
    rules: &[Rule::AnyOf(&["quota"])],
    ..Extension::matching("quota")
};
