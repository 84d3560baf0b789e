//! `-m recent`: addresses seen lately.

use crate::model::Family;
use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::host::Mask;
use crate::model::value::{Number, Sink, SpecErrorKind, Text, Value, number};

const OPERATIONS: &[&str] = &["set", "rcheck", "update", "remove"];

pub(super) static RECENT: Extension = Extension {
    options: &[
        OptionSpec::negatable("set", Value::Nothing),
        OptionSpec::negatable("rcheck", Value::Nothing),
        OptionSpec::negatable("update", Value::Nothing),
        OptionSpec::negatable("remove", Value::Nothing),
        OptionSpec::new("seconds", Value::number(1, u32::MAX as u64)),
        OptionSpec::new("reap", Value::Nothing),
        OptionSpec::new("hitcount", Value::Number(Number::U32)),
        OptionSpec::new("rttl", Value::Nothing),
        OptionSpec::new("name", Value::Text(Text::BARE.cut(199))),
        OptionSpec::new("mask", Value::Host(Mask::None)),
        OptionSpec::new("rsource", Value::Nothing),
        OptionSpec::new("rdest", Value::Nothing),
    ],
    rules: &[
        Rule::AnyOf(OPERATIONS),
        Rule::OneOf(OPERATIONS),
        Rule::Needs("reap", "seconds"),
        Rule::OneOf(&["rttl", "set"]),
        Rule::OneOf(&["rttl", "remove"]),
    ],
    check: Some(check),
    printing: Printing::Options(print),
    ..Extension::matching("recent")
};

/// The most packets that a list remembers for an address.
const HIT_LIMIT: u64 = 65_535;

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let hits = instance
        .get("hitcount")
        .and_then(|given| Some(number::leading(given.argument.text())?.0))
        .unwrap_or(0);
    if hits > HIT_LIMIT {
        return Err(instance.refused("`--hitcount` is 65535 at the most; lower it"));
    }
    let plain = instance.has("set") || instance.has("remove");
    if plain && (hits > 0 || instance.has("seconds")) {
        return Err(instance
            .refused("`--seconds` and `--hitcount` go with `--rcheck` and `--update` only; leave them out"));
    }
    let name = instance.get("name").map_or("DEFAULT".into(), |given| given.argument.first);
    if name.is_empty() || name == "." || name == ".." || name.contains('/') {
        return Err(instance.refused("`--name` must be a file's name; choose one without `/`"));
    }
    Ok(())
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    instance.push_listed_until("hitcount", out);
    if let Some(given) = instance.get("hitcount").filter(|given| given.value() != "0") {
        given.push(out);
    }
    for (long, absent) in [("rttl", ""), ("name", " --name DEFAULT"), ("mask", full_mask(instance.family))] {
        match instance.get(long) {
            Some(given) => given.push(out),
            None => out.push_str(absent),
        }
    }
    let side = instance.own().rev().find_map(|used| {
        let option = instance.extension.options.get(usize::from(used.option))?.long;
        matches!(option, "rsource" | "rdest").then_some(option)
    });
    out.push_str(" --");
    out.push_str(side.unwrap_or("rsource"));
}

const fn full_mask(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => " --mask 255.255.255.255",
        Family::Ipv6 => " --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    }
}
