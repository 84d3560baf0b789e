//! The words of a specification.

use super::error::{SpecError, SpecErrorKind};
use crate::model::extension::Token;
use crate::source::Span;
use crate::syntax::{self, WORD_LIMIT};

/// The most words that iptables-restore takes behind a chain's name.
const COUNT_LIMIT: usize = 249;

/// Splits `text` into `words`.
pub(super) fn split(text: &str, words: &mut Vec<Token>) -> Result<(), SpecError> {
    if memchr::memchr(b'"', text.as_bytes()).is_none() {
        split_plain(text, words)?;
    } else {
        split_quoted(text, words)?;
    }
    if words.len() > COUNT_LIMIT {
        let kind = SpecErrorKind::TooManyWords(words.len(), COUNT_LIMIT);
        let span = words.get(COUNT_LIMIT).map_or_else(Span::default, |word| word.span);
        return Err(SpecError { kind, span });
    }
    Ok(())
}

/// Without quotes, blanks are all that counts.
#[expect(clippy::cast_possible_truncation, reason = "a rule is far shorter than 4 GiB")]
fn split_plain(text: &str, words: &mut Vec<Token>) -> Result<(), SpecError> {
    let bytes = text.as_bytes();
    let mut start = 0;
    for end in memchr::memchr2_iter(b' ', b'\t', bytes).chain(std::iter::once(bytes.len())) {
        if end > start {
            let span = Span::new(start as u32, end as u32);
            if end - start > WORD_LIMIT {
                return Err(SpecError { kind: SpecErrorKind::WordTooLong(end - start), span });
            }
            words.push(Token { span, skip: 0, quoted: false });
        }
        start = end + 1;
    }
    Ok(())
}

fn split_quoted(text: &str, words: &mut Vec<Token>) -> Result<(), SpecError> {
    for word in syntax::words(text) {
        let word = word.map_err(|fault| SpecError {
            kind: SpecErrorKind::UnterminatedQuote,
            span: Span::point(fault.offset()),
        })?;
        if word.text.len() > WORD_LIMIT {
            return Err(SpecError { kind: SpecErrorKind::WordTooLong(word.text.len()), span: word.span });
        }
        words.push(Token { span: word.span, skip: 0, quoted: word.quoted });
    }
    Ok(())
}
