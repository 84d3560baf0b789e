//! `-m esp`: the encapsulated payload of `IPsec`.

use crate::model::extension::{Extension, OptionSpec, Print};
use crate::model::value::{NumberRange, Value, protocol};

pub(super) static ESP: Extension = Extension {
    protocols: &[protocol::ESP],
    options: &[OptionSpec::negatable("espspi", Value::NumberRange(NumberRange::U32))
        .print(Print::UnlessEver(NumberRange::ALL_U32))],
    ..Extension::matching("esp")
};
