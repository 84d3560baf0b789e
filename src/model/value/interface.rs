//! Names of network interfaces.

use super::fault::SpecErrorKind;
use super::text::byte_length;
use super::{Argument, Sink};

/// The longest name, in bytes (`IFNAMSIZ` less the terminator).
pub const LIMIT: usize = 15;

/// Checks the name of an interface, which may end in `+` for any that begins so.
///
/// # Errors
/// `BadInterface` for a name that is too long, or empty.
pub fn check(name: &str) -> Result<(), SpecErrorKind> {
    let bad = |reason| Err(SpecErrorKind::BadInterface { value: name.to_owned(), reason });
    if name.is_empty() {
        return bad("it is empty; name one, or leave the option out");
    }
    if name.len() > LIMIT && byte_length(name) > LIMIT {
        return bad("15 bytes are the most; shorten it, with a `+` at its end for any that begins so");
    }
    Ok(())
}

pub(super) fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    if !argument.text().is_empty() {
        check(argument.text())?;
    }
    out.push_word(argument.text());
    Ok(())
}
