//! `-m connmark`: the connection's mark.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::Value;

pub(super) static CONNMARK: Extension = Extension {
    options: &[OptionSpec::negatable("mark", Value::Mask)],
    rules: &[Rule::AnyOf(&["mark"])],
    ..Extension::matching("connmark")
};
