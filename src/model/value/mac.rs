//! Hardware addresses.

use super::fault::SpecErrorKind;
use super::{Argument, Sink};

/// Six numbers of one or two hexadecimal digits, with colons.
#[must_use]
pub fn parse(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut count = 0;
    for part in text.split(':') {
        // `strtoul` takes no digits at all for 0, and a sign or a `0x` within the two characters.
        let digits = part.strip_prefix(['+', '-', ' ', '\t']).unwrap_or(part);
        let bare_sign = digits.is_empty() && !part.is_empty();
        if part.len() > 2 || bare_sign || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let byte = if digits.is_empty() { 0 } else { u8::from_str_radix(digits, 16).ok()? };
        *bytes.get_mut(count)? = if part.starts_with('-') { byte.wrapping_neg() } else { byte };
        count += 1;
    }
    (count == 6).then_some(bytes)
}

/// Appends `bytes` with colons.
pub fn push(bytes: [u8; 6], out: &mut Sink<'_>) {
    for (index, byte) in bytes.into_iter().enumerate() {
        if index > 0 {
            out.push(':');
        }
        out.push_fmt(format_args!("{byte:02x}"));
    }
}

pub(super) fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let bytes = parse(argument.text())
        .ok_or_else(|| argument.bad("give six hexadecimal numbers with colons, as in `00:00:5e:00:53:01`"))?;
    push(bytes, out);
    Ok(())
}
