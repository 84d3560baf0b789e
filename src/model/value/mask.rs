//! `value/mask`, printed in hexadecimal.

use super::fault::SpecErrorKind;
use super::hostfile::HostFile;
use super::{Argument, Sink, number};

/// The value and the mask that `argument` says; the mask is all ones where it says none.
///
/// # Errors
/// `BadValue` for what is no 32-bit number, or has more behind it.
pub fn parse(argument: &Argument<'_>) -> Result<(u32, u32), SpecErrorKind> {
    split(argument.text()).ok_or_else(|| {
        argument.bad("give a number of up to 32 bits, and `/mask` behind it if only some of its bits count")
    })
}

/// The value and the mask that `text` says.
#[must_use]
pub fn split(text: &str) -> Option<(u32, u32)> {
    let (value, rest) = number::leading_up_to(text, u32::MAX.into())?;
    let mask = match rest.strip_prefix('/') {
        Some(mask) => number::whole(mask, 0, u32::MAX.into())?,
        None if rest.is_empty() => u32::MAX.into(),
        None => return None,
    };
    Some((u32::try_from(value).ok()?, u32::try_from(mask).ok()?))
}

/// Appends `value/mask`, the mask left out where it is all ones.
pub fn push(value: u32, mask: u32, out: &mut Sink<'_>) {
    out.push_hex(value.into());
    if mask != u32::MAX {
        out.push('/');
        out.push_hex(mask.into());
    }
}

/// A value with a mask, or a name that this host gives to a value; printed by its name where it has one.
pub(super) fn read_named(
    file: HostFile,
    argument: &Argument<'_>,
    out: &mut Sink<'_>,
) -> Result<(), SpecErrorKind> {
    let (value, mask) = match split(argument.text()) {
        Some(parts) => parts,
        None => {
            (file.number(argument.text()).map_or_else(|| parse(argument).map(|parts| parts.0), Ok)?, u32::MAX)
        }
    };
    match file.name(value) {
        Some(name) if mask == u32::MAX => out.push_str(name),
        _ => push(value, mask, out),
    }
    Ok(())
}

pub(super) fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let (value, mask) = parse(argument)?;
    push(value, mask, out);
    Ok(())
}
