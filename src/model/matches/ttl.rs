//! `-m ttl` and `-m hl`: how many hops are left.

use crate::model::extension::{Extension, Families, OptionSpec, Rule};
use crate::model::value::{Number, Value};

const TTL_ANY: &[&str] = &["ttl-eq", "ttl-lt", "ttl-gt"];
const HL_ANY: &[&str] = &["hl-eq", "hl-lt", "hl-gt"];
const HOPS: Value = Value::Number(Number::U8);

pub(super) static TTL: Extension = Extension {
    families: Families::Ipv4,
    options: &[
        OptionSpec::negatable("ttl-eq", HOPS).aliases(&["ttl"]),
        OptionSpec::new("ttl-lt", HOPS),
        OptionSpec::new("ttl-gt", HOPS),
    ],
    rules: &[Rule::AnyOf(TTL_ANY), Rule::OneOf(TTL_ANY)],
    ..Extension::matching("ttl")
};

pub(super) static HL: Extension = Extension {
    families: Families::Ipv6,
    options: &[
        OptionSpec::negatable("hl-eq", HOPS).aliases(&["hl"]),
        OptionSpec::new("hl-lt", HOPS),
        OptionSpec::new("hl-gt", HOPS),
    ],
    rules: &[Rule::AnyOf(HL_ANY), Rule::OneOf(HL_ANY)],
    ..Extension::matching("hl")
};
