//! Numbers as libxtables reads them: `strtoul` with base 0, so `0x` is hexadecimal and a leading `0` octal.

use super::{Argument, Sink};
use crate::model::value::fault::SpecErrorKind;

/// The number at the head of `text` and what stands behind it; none for no digits, a minus, or more than 64 bits.
#[must_use]
pub fn leading(text: &str) -> Option<(u64, &str)> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let text = text.strip_prefix('+').unwrap_or(text);
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit() => (text.get(2..)?, 16),
        [b'0', ..] => (text, 8),
        _ => (text, 10),
    };
    let mut number: u64 = 0;
    let mut length = 0;
    for digit in digits.bytes().map_while(|byte| char::from(byte).to_digit(radix)) {
        number = number.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))?;
        length += 1;
    }
    (length > 0).then_some((number, digits.get(length..)?))
}

/// `text` as a number from `min` to `max`, with nothing behind it.
#[must_use]
pub fn whole(text: &str, min: u64, max: u64) -> Option<u64> {
    let (number, rest) = leading(text)?;
    (rest.is_empty() && (min..=max).contains(&number)).then_some(number)
}

/// [`leading`], at most `max`.
#[must_use]
pub fn leading_up_to(text: &str, max: u64) -> Option<(u64, &str)> {
    leading(text).filter(|(number, _)| *number <= max)
}

/// The number with a fraction at the head of `text`, as `strtod` reads it, and what stands behind it.
#[must_use]
pub fn fraction(text: &str) -> Option<(f64, &str)> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let of_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E');
    let length = text.bytes().take_while(|byte| of_number(byte)).count();
    (1..=length).rev().find_map(|length| Some((text.get(..length)?.parse().ok()?, text.get(length..)?)))
}

/// How a number is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// `22`
    Decimal,
    /// `0x16`
    Hexadecimal,
    /// `0x0016`, with so many digits
    Padded(usize),
}

/// A number within bounds.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// The least value.
    pub min: u64,
    /// The greatest value.
    pub max: u64,
    /// How it is printed.
    pub base: Base,
}

impl Number {
    /// A decimal number from `min` to `max`.
    #[must_use]
    pub const fn new(min: u64, max: u64) -> Self {
        Self { min, max, base: Base::Decimal }
    }

    /// A number of up to 8 bits.
    pub const U8: Self = Self::new(0, u8::MAX as u64);
    /// A number of up to 16 bits.
    pub const U16: Self = Self::new(0, u16::MAX as u64);
    /// A number of up to 32 bits.
    pub const U32: Self = Self::new(0, u32::MAX as u64);
    /// A number of up to 64 bits.
    pub const U64: Self = Self::new(0, u64::MAX);

    /// The same, printed in hexadecimal.
    #[must_use]
    pub const fn hexadecimal(self) -> Self {
        Self { base: Base::Hexadecimal, ..self }
    }

    /// The same, printed in hexadecimal with so many digits.
    #[must_use]
    pub const fn padded(self, digits: usize) -> Self {
        Self { base: Base::Padded(digits), ..self }
    }

    pub(super) fn read(self, argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
        let number = self.of(argument)?;
        self.push(number, out);
        Ok(())
    }

    /// The number that `argument` says.
    ///
    /// # Errors
    /// `BadValue` where it says none within the bounds.
    pub fn of(self, argument: &Argument<'_>) -> Result<u64, SpecErrorKind> {
        whole(argument.text(), self.min, self.max)
            .ok_or_else(|| argument.bad(format!("give a number from {} to {}", self.min, self.max)))
    }

    /// Prints `number`.
    pub fn push(self, number: u64, out: &mut Sink<'_>) {
        match self.base {
            Base::Decimal => out.push_number(number),
            Base::Hexadecimal => out.push_hex(number),
            Base::Padded(digits) => out.push_fmt(format_args!("0x{number:0digits$x}")),
        }
    }
}

/// `from:to`, either left out for its bound, or one number.
#[derive(Clone, Copy, Debug)]
pub struct NumberRange {
    /// The greatest value.
    pub max: u64,
    /// Whether a range upside down is refused.
    pub ascending: bool,
}

impl NumberRange {
    /// A range of numbers of up to 16 bits.
    pub const U16: Self = Self::up_to(u16::MAX as u64);
    /// The range of all numbers of 32 bits, as it would be printed.
    pub const ALL_U32: &'static str = "0:4294967295";
    /// A range of numbers of up to 32 bits.
    pub const U32: Self = Self::up_to(u32::MAX as u64);

    /// A range of numbers up to `max`.
    #[must_use]
    pub const fn up_to(max: u64) -> Self {
        Self { max, ascending: false }
    }

    /// The same, refused when it is upside down.
    #[must_use]
    pub const fn ascending(self) -> Self {
        Self { ascending: true, ..self }
    }

    pub(super) fn read(self, argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
        let (from, to) = self.of(argument)?;
        out.push_number(from);
        if to != from {
            out.push(':');
            out.push_number(to);
        }
        Ok(())
    }

    /// The ends of the range that `argument` says.
    ///
    /// # Errors
    /// `BadValue` where it says none within the bounds.
    pub fn of(self, argument: &Argument<'_>) -> Result<(u64, u64), SpecErrorKind> {
        let bad = || argument.bad(format!("give a number or a range `from:to`, up to {}", self.max));
        let text = argument.text();
        let (low, high) = text.split_once(':').map_or((text, None), |(low, high)| (low, Some(high)));
        let end = |part: &str, absent| if part.is_empty() { Some(absent) } else { whole(part, 0, self.max) };
        let from = end(low, 0).ok_or_else(bad)?;
        let to = high.map_or(Some(from), |high| end(high, self.max)).ok_or_else(bad)?;
        if self.ascending && from > to {
            return Err(argument.bad("the range is upside down; put the smaller number first"));
        }
        Ok((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_strtoul_reads_them() {
        let cases = [
            ("22", Some((22, ""))),
            ("0x16z", Some((22, "z"))),
            ("026", Some((22, ""))),
            ("09", Some((0, "9"))),
            ("0x", Some((0, "x"))),
            (" +7-", Some((7, "-"))),
            ("-1", None),
            ("", None),
            ("x", None),
            ("18446744073709551615", Some((u64::MAX, ""))),
            ("18446744073709551616", None),
        ];
        for (text, number) in cases {
            assert_eq!(leading(text), number, "{text}");
        }
    }
}
