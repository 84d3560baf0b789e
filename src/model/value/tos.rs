//! The type of service: a byte and a mask.

use super::fault::SpecErrorKind;
use super::{Argument, Sink, number};

static NAMES: [(&str, u8); 5] = [
    ("Minimize-Delay", 0x10),
    ("Maximize-Throughput", 0x08),
    ("Maximize-Reliability", 0x04),
    ("Minimize-Cost", 0x02),
    ("Normal-Service", 0x00),
];

/// The mask that a name has.
const NAMED_MASK: u8 = 0x3f;

/// The value and the mask that `argument` says.
///
/// # Errors
/// `BadValue` where it says none.
pub fn parse(argument: &Argument<'_>) -> Result<(u8, u8), SpecErrorKind> {
    split(argument.text()).ok_or_else(|| {
        argument.bad(
            "give a number from 0 to 255, with `/mask` behind it if need be, or a name as `Minimize-Delay`",
        )
    })
}

fn split(text: &str) -> Option<(u8, u8)> {
    let Some((value, rest)) = number::leading_up_to(text, 255) else {
        let named = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        return named.map(|(_, value)| (*value, NAMED_MASK));
    };
    let mask = match rest.strip_prefix('/') {
        Some(mask) => number::whole(mask, 0, 255)?,
        None => rest.is_empty().then_some(255)?,
    };
    Some((u8::try_from(value).ok()?, u8::try_from(mask).ok()?))
}

/// Appends `value/mask`.
pub fn push(value: u8, mask: u8, out: &mut Sink<'_>) {
    out.push_fmt(format_args!("{value:#04x}/{mask:#04x}"));
}

pub(super) fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let (value, mask) = parse(argument)?;
    push(value, mask, out);
    Ok(())
}
