//! `-m ah`: the authentication header of `IPsec`.

use crate::model::extension::{Extension, Families, OptionSpec, Print};
use crate::model::value::{Number, NumberRange, Value, protocol};

pub(super) static AH: Extension = Extension {
    families: Families::Ipv4,
    protocols: &[protocol::AH],
    options: &[SPI],
    ..Extension::matching("ah")
};

pub(super) static AH6: Extension = Extension {
    families: Families::Ipv6,
    options: &[
        SPI,
        OptionSpec::negatable("ahlen", Value::Number(Number::U32)).print(Print::Unless("0")),
        OptionSpec::new("ahres", Value::Nothing),
    ],
    ..Extension::matching("ah")
};

const SPI: OptionSpec = OptionSpec::negatable("ahspi", Value::NumberRange(NumberRange::U32))
    .print(Print::UnlessEver(NumberRange::ALL_U32));
