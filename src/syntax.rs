//! The words of an iptables-restore line, with their places, and the quoting that iptables-save prints.
//!
//! Source: `add_param_to_argv` in iptables 1.8.9, `iptables/xshared.c`, and `xtables_save_string` in
//! `libxtables/xtables.c`. Only `"` quotes; a backslash escapes only inside quotes; a closing quote ends the word.

use std::borrow::Cow;

use crate::source::Span;

/// The longest word that iptables-restore takes, in bytes.
pub const WORD_LIMIT: usize = 1023;

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// The word with quotes and escapes taken off.
    pub text: Cow<'a, str>,
    /// Where it stands in the text that was split, quotes included.
    pub span: Span,
    /// Whether any part of it was quoted; a quoted word is never taken for an option's negation.
    pub quoted: bool,
}

/// Why a line has no words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// A quote opens at this offset and nothing closes it.
    #[error("a quote is opened and never closed")]
    UnterminatedQuote(u32),
}

impl SyntaxError {
    /// Where the fault is, as an offset into the text that was split.
    #[must_use]
    pub const fn offset(self) -> u32 {
        match self {
            Self::UnterminatedQuote(offset) => offset,
        }
    }
}

/// Iterates over the words of one line.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    line: &'a str,
    at: usize,
}

/// The words of `line`, which must hold no line feed and be shorter than 4 GiB.
#[must_use]
pub const fn words(line: &str) -> Words<'_> {
    Words { line, at: 0 }
}

impl<'a> Words<'a> {
    /// The offset behind the last word taken.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.at
    }

    fn word(&self, start: usize, text: Cow<'a, str>, quoted: bool) -> Word<'a> {
        Word { text, span: Span::new(offset(start), offset(self.at)), quoted }
    }

    /// A word that holds a quote: its plain part, then what the quotes hold up to the closing one.
    fn quoted(&mut self, start: usize, quote: usize) -> Result<Word<'a>, SyntaxError> {
        let plain = self.line.get(start..quote).unwrap_or_default();
        let inner = self.line.get(quote + 1..).unwrap_or_default();
        let mut text = String::new();
        let mut from = 0;
        loop {
            let rest = inner.as_bytes().get(from..).unwrap_or_default();
            let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
                return Err(SyntaxError::UnterminatedQuote(offset(quote)));
            };
            let stop = from + found;
            let piece = inner.get(from..stop).unwrap_or_default();
            if rest.get(found) == Some(&b'"') {
                self.at = quote + 1 + stop + 1;
                let value = if text.is_empty() && plain.is_empty() {
                    Cow::Borrowed(piece)
                } else {
                    Cow::Owned([plain, &text, piece].concat())
                };
                return Ok(self.word(start, value, true));
            }
            text.push_str(piece);
            let Some(escaped) = inner.get(stop + 1..).and_then(|tail| tail.chars().next()) else {
                return Err(SyntaxError::UnterminatedQuote(offset(quote)));
            };
            text.push(escaped);
            from = stop + 1 + escaped.len_utf8();
        }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Result<Word<'a>, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.line.as_bytes();
        let start = self.at + bytes.get(self.at..)?.iter().position(|byte| !is_blank(*byte))?;
        let tail = bytes.get(start..)?;
        let stop = tail.iter().position(|byte| is_blank(*byte) || *byte == b'"');
        let end = stop.map_or(bytes.len(), |stop| start + stop);
        self.at = end;
        if bytes.get(end) == Some(&b'"') {
            let word = self.quoted(start, end);
            if word.is_err() {
                self.at = bytes.len();
            }
            return Some(word);
        }
        let text = self.line.get(start..end)?;
        Some(Ok(self.word(start, Cow::Borrowed(text), false)))
    }
}

/// The offset of the quote in `line` that nothing closes.
#[must_use]
pub fn unterminated_quote(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut at = 0;
    loop {
        let open = at + memchr::memchr(b'"', bytes.get(at..)?)?;
        at = open + 1;
        loop {
            let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) else {
                return Some(open);
            };
            at += found + 1;
            if bytes.get(at - 1) == Some(&b'"') {
                break;
            }
            at += 1;
        }
    }
}

/// Whether `byte` parts words.
#[must_use]
pub const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Appends `value` as iptables-save prints a free string: bare where it holds only letters, digits, `_` and `-`,
/// else in double quotes with `"`, `\` and `'` escaped.
pub fn push_quoted(out: &mut String, value: &str) {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !value.is_empty() && value.bytes().all(bare) {
        out.push_str(value);
        return;
    }
    out.push('"');
    for character in value.chars() {
        if matches!(character, '"' | '\\' | '\'') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

/// `value` as [`push_quoted`] prints it.
#[must_use]
pub fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    push_quoted(&mut out, value);
    out
}

/// Appends `word` so that iptables-restore reads it back as this one word: as it is where that is safe, else quoted.
pub fn push_word(out: &mut String, word: &str) {
    let unsafe_byte = |byte: u8| is_blank(byte) || byte == b'"';
    if word.is_empty() || word.bytes().any(unsafe_byte) { push_quoted(out, word) } else { out.push_str(word) }
}

#[expect(clippy::cast_possible_truncation, reason = "callers split lines of texts under 4 GiB")]
const fn offset(at: usize) -> u32 {
    at as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Vec<String> {
        words(line).map(|word| word.unwrap().text.into_owned()).collect()
    }

    #[test]
    fn blanks_part_words() {
        assert_eq!(split("  -A\tINPUT   -j  DROP "), ["-A", "INPUT", "-j", "DROP"]);
        assert_eq!(split(""), Vec::<String>::new());
    }

    #[test]
    fn a_closing_quote_ends_the_word() {
        assert_eq!(split(r#"a"b" "a"b "" x"#), ["ab", "a", "b", "", "x"]);
    }

    #[test]
    fn a_backslash_escapes_only_inside_quotes() {
        assert_eq!(split(r#"a\b "a\"b\\c\d" 'x'"#), [r"a\b", r#"a"b\cd"#, "'x'"]);
    }

    #[test]
    fn an_open_quote_is_a_fault_with_its_place() {
        let fault = words(r#"-j "DROP"#).last().unwrap();
        assert_eq!(fault, Err(SyntaxError::UnterminatedQuote(3)));
        assert_eq!(words(r#"x "a\"#).last().unwrap(), Err(SyntaxError::UnterminatedQuote(2)));
        for line in [r#"-j "DROP"#, r#"x "a\"#, r#"a "b" "c\" d"#, r#"a "b\\" "c""#, r#"a\"b"#, ""] {
            let split = words(line).find_map(Result::err).map(|fault| fault.offset() as usize);
            assert_eq!(unterminated_quote(line), split, "{line}");
        }
    }

    #[test]
    fn spans_hold_the_quotes() {
        let spans: Vec<Span> = words(r#"-m "a b" c"#).map(|word| word.unwrap().span).collect();
        assert_eq!(spans, [Span::new(0, 2), Span::new(3, 8), Span::new(9, 10)]);
    }

    #[test]
    fn quoting_reads_back() {
        for value in ["", "a b", "plain-1_", "it's", r#"say "x""#, r"back\slash", "!", "\u{e9}"] {
            assert_eq!(split(&quoted(value)), [value]);
        }
        assert_eq!(quoted("http"), "http");
        assert_eq!(quoted("it's"), r#""it\'s""#);
    }
}
