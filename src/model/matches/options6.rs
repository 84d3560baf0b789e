//! `-m dst` and `-m hbh`: the option headers of IPv6.

use crate::model::extension::{Extension, Families, OptionSpec};
use crate::model::value::{Argument, Custom, Number, Samples, Sink, SpecErrorKind, Value, number};

pub(super) static DST: Extension = Extension {
    families: Families::Ipv6,
    options: &[
        OptionSpec::negatable("dst-len", Value::Number(Number::U32)),
        OptionSpec::new("dst-opts", Value::Custom(&OPTIONS)),
    ],
    ..Extension::matching("dst")
};

pub(super) static HBH: Extension = Extension {
    families: Families::Ipv6,
    options: &[
        OptionSpec::negatable("hbh-len", Value::Number(Number::U32)),
        OptionSpec::new("hbh-opts", Value::Custom(&OPTIONS)),
    ],
    ..Extension::matching("hbh")
};

static OPTIONS: Custom =
    Custom { words: 1, read, samples: Samples::Either(&["5", "1:2,23", "149:92,12:12,123:12", "0,1,2"]) };

/// How many options a list may hold.
const LIMIT: usize = 16;

/// `type` or `type:length`, with commas; only the last eight bits of each count.
fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let bad = || argument.bad("give types as numbers, `type:length` or `type`, with commas");
    let byte = |text: &str| number::whole(text, 0, u64::MAX).map(|number| number & 0xff).ok_or_else(bad);
    if argument.text().split(',').count() > LIMIT {
        return Err(argument.bad("16 types are the most; leave some out"));
    }
    for (index, item) in argument.text().split(',').enumerate() {
        let (kind, length) = item.split_once(':').map_or((item, None), |(kind, length)| (kind, Some(length)));
        let kind = byte(kind)?;
        if index > 0 {
            out.push(',');
        }
        out.push_number(kind);
        let Some(length) = length else { continue };
        if kind == 0 || index == LIMIT - 1 {
            return Err(argument.bad("neither type 0 nor the 16th has a length; leave it out"));
        }
        let length = byte(length)?;
        if length != 0xff {
            out.push(':');
            out.push_number(length);
        }
    }
    Ok(())
}
