//! Source text: what was read, and where in it a thing stands.
//!
//! A ruleset dump is bytes, not text: a comment may hold Latin-1. [`SourceFile`] keeps every byte by mapping those
//! that are not UTF-8 to private characters and back, so that all code above it works on `str`.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

/// First character of the block that stands for bytes that are not UTF-8; the byte is the offset into it.
const ESCAPE_BASE: u32 = 0x0010_FF00;

/// A half-open range of byte offsets into a [`SourceFile`]'s text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`, both in bytes.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The empty span at `offset`.
    #[must_use]
    pub const fn point(offset: u32) -> Self {
        Self { start: offset, end: offset }
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether the span holds no byte.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// The same span, moved `by` bytes towards the end.
    #[must_use]
    pub const fn shifted(self, by: u32) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }

    /// The span as a range of `usize`, for slicing.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A line and a column, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// Why a text cannot be taken in.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SourceError {
    /// The text is longer than its offsets can say.
    #[error("`{name}` is larger than 4 GiB")]
    TooLarge {
        /// The file's name.
        name: String,
    },
}

/// A text that was read, with its name for messages.
#[derive(Debug, Default)]
pub struct SourceFile {
    name: String,
    text: String,
    escaped: bool,
    lines: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// Takes in the bytes of the file `name`.
    ///
    /// # Errors
    /// [`SourceError::TooLarge`] at 4 GiB and above.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Result<Self, SourceError> {
        let name = name.into();
        let (text, escaped) = match String::from_utf8(bytes) {
            Ok(text) if !holds_escapes(&text) => (text, false),
            Ok(text) => (escape_bytes(text.as_bytes()), true),
            Err(error) => (escape_bytes(error.as_bytes()), true),
        };
        if u32::try_from(text.len()).is_err() {
            return Err(SourceError::TooLarge { name });
        }
        Ok(Self { name, text, escaped, lines: OnceLock::new() })
    }

    /// The file's name as messages print it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text, bytes that are not UTF-8 escaped.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Length of the text in bytes; it fits by construction.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "from_bytes refuses texts of 4 GiB and above")]
    pub fn len(&self) -> u32 {
        self.text.len() as u32
    }

    /// Whether the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text of `span`, or nothing where the span does not lie within.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// The bytes that `text` (taken from this file) stood for.
    #[must_use]
    pub fn original<'t>(&self, text: &'t str) -> Cow<'t, [u8]> {
        if self.escaped { unescape_bytes(text) } else { Cow::Borrowed(text.as_bytes()) }
    }

    /// The number, from 1, of the line that holds `offset`.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a text under 4 GiB has fewer lines than that")]
    pub fn line(&self, offset: u32) -> u32 {
        self.line_starts().partition_point(|start| *start <= offset) as u32
    }

    /// Line and column of `offset`.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let line = self.line(offset);
        let before = self.slice(Span::new(self.line_span(line).start, offset));
        let column = u32::try_from(before.chars().count()).unwrap_or(u32::MAX - 1) + 1;
        LineColumn { line, column }
    }

    /// The span of line `line` (from 1), its line feed left out; empty at the end for a line that is not there.
    #[must_use]
    pub fn line_span(&self, line: u32) -> Span {
        let starts = self.line_starts();
        let index = (line.max(1) - 1) as usize;
        let Some(start) = starts.get(index) else { return Span::point(self.len()) };
        let end = starts.get(index + 1).map_or(self.len(), |next| next - 1);
        Span::new(*start, end)
    }

    /// The part of line `line` that begins at `column` (both from 1, the column in characters): a call up to its closing
    /// parenthesis, a word, or one character. Where `line` is 0 the place is not known, and the span is empty.
    #[must_use]
    pub fn expression_span(&self, line: u32, column: u32) -> Span {
        if line == 0 {
            return Span::point(0);
        }
        let whole = self.line_span(line);
        let text = self.slice(whole);
        let before = text.char_indices().nth(column.max(1) as usize - 1).map_or(text.len(), |(at, _)| at);
        let length = expression_length(text.get(before..).unwrap_or_default());
        let start = whole.start.saturating_add(u32::try_from(before).unwrap_or(0));
        Span::new(start, start.saturating_add(u32::try_from(length).unwrap_or(0)))
    }

    fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let feeds = memchr::memchr_iter(b'\n', self.text.as_bytes());
            let starts = feeds.filter_map(|at| u32::try_from(at + 1).ok());
            std::iter::once(0).chain(starts).collect()
        })
    }
}

/// The length of the expression that `text` begins with: a call with its arguments as far as they stand on the line, a
/// word, a quoted text, or one character.
fn expression_length(text: &str) -> usize {
    if let Some(quote) = text.chars().next().filter(|first| matches!(first, '"' | '`')) {
        let closing = text.char_indices().skip(1).find(|(_, character)| *character == quote);
        return closing.map_or(1, |(at, _)| at + 1);
    }
    let word =
        text.find(|character: char| !(character.is_alphanumeric() || character == '_')).unwrap_or(text.len());
    if word == 0 {
        return text.chars().next().map_or(0, char::len_utf8);
    }
    if !text.get(word..).is_some_and(|rest| rest.starts_with('(')) {
        return word;
    }
    let (mut depth, mut quote) = (0_usize, None);
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(word) {
        match (quote, character) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '`') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') if depth == 1 => return at + 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
    }
    text.trim_end().len()
}

/// The text of bytes that may not be UTF-8, for messages.
fn escape_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_escape(character) {
                let mut buffer = [0; 4];
                character.encode_utf8(&mut buffer).bytes().for_each(|byte| push_escape(&mut text, byte));
            } else {
                text.push(character);
            }
        }
        chunk.invalid().iter().for_each(|byte| push_escape(&mut text, *byte));
    }
    text
}

fn push_escape(text: &mut String, byte: u8) {
    text.extend(char::from_u32(ESCAPE_BASE + u32::from(byte)));
}

fn unescape_bytes(text: &str) -> Cow<'_, [u8]> {
    if !holds_escapes(text) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u8::try_from(u32::from(character).wrapping_sub(ESCAPE_BASE)) {
            Ok(byte) => bytes.push(byte),
            Err(_) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

fn holds_escapes(text: &str) -> bool {
    // Every character of the block begins with the byte F4, which is rare enough to look for first.
    memchr::memchr(0xF4, text.as_bytes()).is_some() && text.chars().any(is_escape)
}

fn is_escape(character: char) -> bool {
    (ESCAPE_BASE..=ESCAPE_BASE + 0xFF).contains(&u32::from(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> SourceFile {
        SourceFile::from_bytes("x", bytes.to_vec()).unwrap()
    }

    #[test]
    fn bytes_that_are_not_utf8_come_back() {
        for bytes in [&b"caf\xe9 \xff"[..], "caf\u{e9} \u{10ff41}".as_bytes(), b"plain", b""] {
            let source = file(bytes);
            assert_eq!(source.original(source.text()), bytes);
        }
    }

    #[test]
    fn an_expression_is_underlined_to_its_end() {
        let source = file(b"append(\"a)\", f(1)); x\nfoo bar\n+ y\nimport \"a b\" as c;");
        let text = |line, column| source.slice(source.expression_span(line, column)).to_owned();
        assert_eq!(text(1, 1), "append(\"a)\", f(1))");
        assert_eq!(text(2, 5), "bar");
        assert_eq!(text(3, 1), "+");
        assert_eq!(text(4, 8), "\"a b\"");
        assert_eq!(text(0, 0), "");
    }

    #[test]
    fn lines_and_columns_count_from_one() {
        let source = file("ab\n\u{e9}d\n".as_bytes());
        assert_eq!(source.line_column(0), LineColumn { line: 1, column: 1 });
        assert_eq!(source.line_column(5), LineColumn { line: 2, column: 2 });
        assert_eq!(source.slice(source.line_span(2)), "\u{e9}d");
        assert_eq!(source.line_span(9), Span::point(source.len()));
    }
}
