//! `-m mark`: the packet's mark.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::Value;

pub(super) static MARK: Extension = Extension {
    options: &[OptionSpec::negatable("mark", Value::Mask)],
    rules: &[Rule::AnyOf(&["mark"])],
    ..Extension::matching("mark")
};
