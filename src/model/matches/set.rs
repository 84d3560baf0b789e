//! `-m set`: whether an ipset holds the packet.

use crate::model::extension::{Extension, Instance, OptionSpec, Print, Printing, Rule};
use crate::model::value::{Argument, Custom, Number, Samples, Sink, SpecErrorKind, Value};

pub(super) static SET: Extension = Extension {
    options: &[
        OptionSpec::negatable("match-set", Value::Custom(&NAME)).aliases(&["set"]),
        OptionSpec::new("return-nomatch", Value::Nothing).repeated(),
        OptionSpec::negatable("update-counters", Value::Nothing).repeated().print(Print::Never),
        OptionSpec::negatable("update-subcounters", Value::Nothing).repeated().print(Print::Never),
        OptionSpec::negatable("packets-eq", COUNT),
        OptionSpec::new("packets-lt", COUNT),
        OptionSpec::new("packets-gt", COUNT),
        OptionSpec::negatable("bytes-eq", COUNT),
        OptionSpec::new("bytes-lt", COUNT),
        OptionSpec::new("bytes-gt", COUNT),
    ],
    rules: &[
        Rule::AnyOf(&["match-set"]),
        Rule::OneOf(&["packets-eq", "packets-lt", "packets-gt"]),
        Rule::OneOf(&["bytes-eq", "bytes-lt", "bytes-gt"]),
    ],
    printing: Printing::Options(print),
    ..Extension::matching("set")
};

const COUNT: Value = Value::Number(Number::U64);

/// The longest name of a set, in bytes.
const NAME_LIMIT: usize = 31;
/// How many directions a set can have.
const DIRECTION_LIMIT: usize = 6;

/// A set's name and the directions to look up.
pub(in crate::model) static NAME: Custom = Custom {
    words: 2,
    read: read_set,
    samples: Samples::Either(&["hosts src", "hosts dst", "nets src,dst", "pairs dst,dst"]),
};

fn read_set(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let name = argument.text();
    if name.len() > NAME_LIMIT {
        return Err(argument.bad("a set's name has at most 31 bytes; shorten it"));
    }
    out.push_word(name);
    let directions = argument.second.as_deref().unwrap_or_default();
    if directions.split(',').count() > DIRECTION_LIMIT {
        return Err(argument.bad("six directions are the most; leave some out"));
    }
    for (index, direction) in directions.split(',').enumerate() {
        let Some(printed @ ("src" | "dst")) = direction.get(..3) else {
            return Err(
                argument.bad("the directions are `src` and `dst`, with commas where the set has several")
            );
        };
        out.push(if index == 0 { ' ' } else { ',' });
        out.push_str(printed);
    }
    Ok(())
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    instance.push_listed_until("update-counters", out);
    for long in ["update-counters", "update-subcounters"] {
        let (Some((index, _)), true) = (instance.extension.option(long), instance.has(long)) else {
            continue;
        };
        if instance.own().any(|used| usize::from(used.option) == index && used.negated) {
            out.push_str(" ! --");
            out.push_str(long);
        }
    }
    instance.push_listed_from("packets-eq", out);
}
