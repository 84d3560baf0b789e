//! One address, as the C library's look-up takes it, with or without a mask.

use super::fault::SpecErrorKind;
use super::{Argument, Sink, address};
use crate::model::Family;

/// How an address and its mask are read and printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// There is none.
    None,
    /// It is printed unless it is full; the bits outside it stay.
    UnlessFull,
    /// It is always printed; the bits outside it stay.
    Always,
    /// It is always printed; the bits outside it go.
    Applied,
}

/// An address of either family and the length of its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// The address; one of IPv4 stands in the last 32 bits.
    pub address: u128,
    /// How many leading bits count.
    pub length: u32,
}

/// How many bits an address of `family` has.
#[must_use]
pub const fn width(family: Family) -> u32 {
    match family {
        Family::Ipv4 => 32,
        Family::Ipv6 => 128,
    }
}

/// One address of `family`.
///
/// # Errors
/// As [`address::lookup_v4`].
pub fn lookup(text: &str, family: Family) -> Result<u128, SpecErrorKind> {
    match family {
        Family::Ipv4 => address::lookup_v4(text).map(u128::from),
        Family::Ipv6 => address::lookup_v6(text),
    }
}

/// Whether `mask` is ones before zeros.
#[must_use]
pub const fn is_prefix(mask: u128, family: Family) -> bool {
    match family {
        #[expect(clippy::cast_possible_truncation, reason = "an address of IPv4 stands in the last 32 bits")]
        Family::Ipv4 => address::prefix_v4(mask as u32).is_some(),
        Family::Ipv6 => address::prefix_v6(mask).is_some(),
    }
}

/// Appends an address of `family`.
pub fn push(address: u128, family: Family, out: &mut Sink<'_>) {
    match family {
        #[expect(clippy::cast_possible_truncation, reason = "an address of IPv4 stands in the last 32 bits")]
        Family::Ipv4 => address::push_v4(address as u32, out),
        Family::Ipv6 => address::push_v6(address, out),
    }
}

/// The length of a prefix, as `argument` says it by number or by mask.
///
/// # Errors
/// `BadValue` where it says none.
pub fn prefix(argument: &Argument<'_>, text: &str) -> Result<u32, SpecErrorKind> {
    address::prefix_length(text, argument.family).ok_or_else(|| {
        argument.bad(format!("give the length of a prefix, from 0 to {}, or a mask", width(argument.family)))
    })
}

/// The address that `argument` says.
///
/// # Errors
/// As [`lookup`] and [`prefix`].
pub fn parse(argument: &Argument<'_>) -> Result<Host, SpecErrorKind> {
    let (text, mask) = match argument.text().split_once('/') {
        Some((text, mask)) => (text, Some(mask)),
        None => (argument.text(), None),
    };
    let address = lookup(text, argument.family)?;
    let full = width(argument.family);
    let length = mask.map_or(Ok(full), |mask| prefix(argument, mask))?;
    Ok(Host { address, length })
}

pub(super) fn read(mask: Mask, argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let family = argument.family;
    if mask == Mask::None {
        push(lookup(argument.text(), family)?, family, out);
        return Ok(());
    }
    let Host { address, length } = parse(argument)?;
    let kept = match (mask, family) {
        (Mask::Applied, Family::Ipv4) => address & u128::from(address::mask_v4(length)),
        (Mask::Applied, Family::Ipv6) => address & address::mask_v6(length),
        _ => address,
    };
    push(kept, family, out);
    if mask != Mask::UnlessFull || length != width(family) {
        out.push('/');
        out.push_number(length.into());
    }
    Ok(())
}

/// The length of a prefix alone.
pub(super) fn read_prefix(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let length = prefix(argument, argument.text())?;
    out.push_number(length.into());
    Ok(())
}
