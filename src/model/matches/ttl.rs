//! `-m ttl` and `-m hl`: how many hops are left.

use crate::model::extension::{Extension, Families, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{Number, Sink, Value};

const TTL_ANY: &[&str] = &["ttl-eq", "ttl-lt", "ttl-gt", "ttl"];
const HL_ANY: &[&str] = &["hl-eq", "hl-lt", "hl-gt", "hl"];
const HOPS: Value = Value::Number(Number::U8);

pub(super) static TTL: Extension = Extension {
    families: Families::Ipv4,
    options: &[
        OptionSpec::negatable("ttl-eq", HOPS),
        OptionSpec::new("ttl-lt", HOPS),
        OptionSpec::new("ttl-gt", HOPS),
        OptionSpec::new("ttl", HOPS),
    ],
    rules: &[Rule::AnyOf(TTL_ANY), Rule::OneOf(TTL_ANY)],
    printing: Printing::Options(print),
    ..Extension::matching("ttl")
};

pub(super) static HL: Extension = Extension {
    families: Families::Ipv6,
    options: &[
        OptionSpec::negatable("hl-eq", HOPS),
        OptionSpec::new("hl-lt", HOPS),
        OptionSpec::new("hl-gt", HOPS),
        OptionSpec::new("hl", HOPS),
    ],
    rules: &[Rule::AnyOf(HL_ANY), Rule::OneOf(HL_ANY)],
    printing: Printing::Options(print),
    ..Extension::matching("hl")
};

/// `--ttl` is another word for `--ttl-eq`.
fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    let Some(given) = instance.own().next().and_then(|used| instance.given(used)) else { return };
    given.push_as(
        match given.option.long {
            "ttl" => "ttl-eq",
            "hl" => "hl-eq",
            long => long,
        },
        out,
    );
}
