//! Free text.

use std::borrow::Cow;

use super::fault::SpecErrorKind;
use super::{Argument, Sink};

/// First of the characters that stand for bytes that are not UTF-8, as the source keeps them.
const ESCAPES: std::ops::RangeInclusive<char> = '\u{10ff00}'..='\u{10ffff}';

/// Free text, of which iptables keeps so much.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// The fewest bytes.
    pub min: usize,
    /// The most bytes that are taken; longer text is refused.
    pub max: usize,
    /// The most bytes that are kept; the rest is cut off.
    pub kept: usize,
    /// Whether it is printed in quotes where that is needed.
    pub quoted: bool,
    /// Whether a line feed is refused.
    pub one_line: bool,
}

impl Text {
    /// Any text, printed in quotes where needed.
    pub const QUOTED: Self =
        Self { min: 0, max: usize::MAX, kept: usize::MAX, quoted: true, one_line: false };

    /// Any text, printed as it is.
    pub const BARE: Self = Self { quoted: false, ..Self::QUOTED };

    /// The same, of at least `min` bytes.
    #[must_use]
    pub const fn at_least(self, min: usize) -> Self {
        Self { min, ..self }
    }

    /// The same, of at most `max` bytes.
    #[must_use]
    pub const fn at_most(self, max: usize) -> Self {
        Self { max, ..self }
    }

    /// The same, cut off behind `kept` bytes.
    #[must_use]
    pub const fn cut(self, kept: usize) -> Self {
        Self { kept, ..self }
    }

    pub(super) fn read(self, argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
        let text = argument.text();
        let length =
            if text.len() < self.min || text.len() > self.max { byte_length(text) } else { text.len() };
        if length < self.min {
            return Err(argument.bad("it is empty; leave the option out, or say something"));
        }
        if length > self.max {
            return Err(
                argument.bad(format!("it has {length} bytes and {} are the most; shorten it", self.max))
            );
        }
        if out.keeps() {
            let kept = cut(text, self.kept);
            if self.quoted { out.push_quoted(&kept) } else { out.push_word(&kept) }
        }
        Ok(())
    }
}

/// The bytes of `text` as iptables sees them.
#[must_use]
pub fn bytes(text: &str) -> Cow<'_, [u8]> {
    if !text.contains(|character| ESCAPES.contains(&character)) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u8::try_from(u32::from(character).wrapping_sub(0x0010_FF00)) {
            Ok(byte) => bytes.push(byte),
            Err(_) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

/// How many bytes `text` has for iptables.
#[must_use]
pub fn byte_length(text: &str) -> usize {
    text.chars().map(|character| if ESCAPES.contains(&character) { 1 } else { character.len_utf8() }).sum()
}

/// The first `limit` bytes of `text` as iptables keeps them; a character that is cut apart stays as bytes.
#[must_use]
pub fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(limit);
    let mut room = limit;
    for character in text.chars() {
        let length = if ESCAPES.contains(&character) { 1 } else { character.len_utf8() };
        if length <= room {
            kept.push(character);
            room -= length;
            continue;
        }
        let mut buffer = [0; 4];
        let bytes = character.encode_utf8(&mut buffer).as_bytes();
        kept.extend(
            bytes.iter().take(room).filter_map(|byte| char::from_u32(0x0010_FF00 + u32::from(*byte))),
        );
        break;
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_bytes() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "abc");
        assert_eq!(cut("ab\u{e9}", 3), "ab\u{10ffc3}");
        assert_eq!(cut("\u{10ffe9}bcd", 3), "\u{10ffe9}bc");
    }
}
