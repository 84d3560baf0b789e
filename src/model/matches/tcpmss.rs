//! `-m tcpmss`: the largest segment that a TCP handshake announces.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{NumberRange, Value, protocol};

pub(super) static TCPMSS: Extension = Extension {
    protocols: &[protocol::TCP],
    options: &[OptionSpec::negatable("mss", Value::NumberRange(NumberRange::U16.ascending()))],
    rules: &[Rule::AnyOf(&["mss"])],
    ..Extension::matching("tcpmss")
};
