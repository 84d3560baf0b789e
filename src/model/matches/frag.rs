//! `-m frag`: the fragment header of IPv6.

use crate::model::extension::{Extension, Families, OptionSpec, Print, Rule};
use crate::model::value::{Number, NumberRange, Value};

pub(super) static FRAG: Extension = Extension {
    families: Families::Ipv6,
    options: &[
        OptionSpec::negatable("fragid", Value::NumberRange(NumberRange::U32))
            .print(Print::UnlessEver(NumberRange::ALL_U32)),
        OptionSpec::negatable("fraglen", Value::Number(Number::U32)),
        OptionSpec::new("fragres", Value::Nothing),
        OptionSpec::new("fragfirst", Value::Nothing),
        OptionSpec::new("fragmore", Value::Nothing),
        OptionSpec::new("fraglast", Value::Nothing),
    ],
    rules: &[Rule::OneOf(&["fragmore", "fraglast"])],
    ..Extension::matching("frag")
};
