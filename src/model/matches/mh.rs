//! `-m mh`: the mobility header of IPv6.

use crate::model::extension::{Extension, Families, OptionSpec, Print};
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Value, number, protocol};

pub(super) static MH: Extension = Extension {
    families: Families::Ipv6,
    protocols: &[protocol::MOBILITY],
    options: &[OptionSpec::negatable("mh-type", Value::Custom(&TYPES)).print(Print::UnlessEver("0:255"))],
    ..Extension::matching("mh")
};

static TYPES: Custom = Custom {
    words: 1,
    read,
    samples: Samples::Either(&["binding-refresh-request", "1:3", "cot", "7", "hot:be", ":5"]),
};

static NAMES: [(&str, u8); 16] = [
    ("binding-refresh-request", 0),
    ("brr", 0),
    ("home-test-init", 1),
    ("hoti", 1),
    ("careof-test-init", 2),
    ("coti", 2),
    ("home-test", 3),
    ("hot", 3),
    ("careof-test", 4),
    ("cot", 4),
    ("binding-update", 5),
    ("bu", 5),
    ("binding-acknowledgement", 6),
    ("ba", 6),
    ("binding-error", 7),
    ("be", 7),
];

fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let bad = || argument.bad("give a type's name or a number from 0 to 255, or two with a colon");
    let text = argument.text();
    let (from, to) = match text.split_once(':') {
        None => {
            let kind = kind(text).ok_or_else(bad)?;
            (kind, kind)
        }
        Some((low, high)) => {
            let from = if low.is_empty() { 0 } else { kind(low).ok_or_else(bad)? };
            let to = if high.is_empty() { u8::MAX } else { kind(high).ok_or_else(bad)? };
            (from, to)
        }
    };
    if from > to {
        return Err(argument.bad("the range is upside down; put the smaller type first"));
    }
    out.push_number(from.into());
    if from != to {
        out.push(':');
        out.push_number(to.into());
    }
    Ok(())
}

/// A name or the beginning of one, the first that fits, a whole one before a part; or a number.
fn kind(text: &str) -> Option<u8> {
    let begins = |name: &str| name.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
    let whole = NAMES.iter().rfind(|(name, _)| name.eq_ignore_ascii_case(text));
    let found = whole.or_else(|| NAMES.iter().find(|(name, _)| begins(name)));
    match found {
        Some((_, kind)) => Some(*kind),
        None => u8::try_from(number::whole(text, 0, 255)?).ok(),
    }
}
