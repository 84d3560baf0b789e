//! Taking in the options of matches and targets.

use std::borrow::Cow;

use super::error::SpecErrorKind;
use super::parser::{Outcome, Reading, fault, missing};
use crate::model::extension::{Negation, OptionSpec, Token, Used};
use crate::model::value::{Argument, Sink, Value};
use crate::source::Span;

impl Reading<'_> {
    /// An option of a loaded match or target.
    pub(super) fn extension(
        &mut self,
        first: u16,
        index: u8,
        option: &'static OptionSpec,
        joined: Option<Token>,
        token: Token,
    ) -> Outcome {
        let module = self.latest(first);
        let negation = self.negation.take();
        if let (Some(negation), Negation::Refused) = (negation, option.negation) {
            return Err(fault(
                SpecErrorKind::BadNegation { before: format!("`--{}`", option.long) },
                negation,
            ));
        }
        let again = |used: &Used| used.module == module && used.option == index;
        if !option.repeats && self.spec.buffers.used.iter().any(again) {
            return Err(fault(
                SpecErrorKind::DuplicateOption { option: format!("--{}", option.long) },
                token.span,
            ));
        }
        let start = self.spec.buffers.arguments.len();
        if option.value.words() > 0 && !self.is_left_out(option) {
            self.arguments(option, joined, token)?;
        }
        let count = self.spec.buffers.arguments.len() - start;
        let last = self
            .spec
            .buffers
            .arguments
            .get(start..)
            .and_then(<[Token]>::last)
            .map_or(token.span, |last| last.span);
        self.spec.buffers.used.push(Used {
            module,
            option: index,
            negated: negation.is_some(),
            first: u32::try_from(start).unwrap_or(u32::MAX),
            count: u16::try_from(count).unwrap_or(u16::MAX),
            span: Span::new(negation.map_or(token.span.start, |negation| negation.start), last.end),
        });
        Ok(())
    }

    /// Whether the value that may be left out is not there.
    fn is_left_out(&self, option: &OptionSpec) -> bool {
        let next = || self.spec.buffers.words.get(self.at);
        matches!(option.value, Value::Optional(_))
            && next().is_none_or(|next| next.text(self.spec.text).starts_with(['-', '!']))
    }

    /// The last module of the extension whose first has this index.
    fn latest(&self, first: u16) -> u16 {
        let mut modules = self.spec.buffers.modules.iter().rev();
        modules.find(|module| module.first == first).map_or(first, |module| module.index)
    }

    /// Takes the words of an option and checks them.
    fn arguments(&mut self, option: &'static OptionSpec, joined: Option<Token>, token: Token) -> Outcome {
        let count = option.value.words();
        let lacking = || missing(&format!("--{}", option.long), count, token);
        let first = match joined {
            Some(joined) => joined,
            None => self.next().ok_or_else(lacking)?,
        };
        self.spec.buffers.arguments.push(first);
        let text = self.spec.text;
        let mut second: Option<Cow<'_, str>> = None;
        let mut last = first;
        if count > 1 {
            last = self.next().ok_or_else(lacking)?;
            let word = last.text(text);
            if word.starts_with(['-', '!']) {
                return Err(lacking());
            }
            self.spec.buffers.arguments.push(last);
            second = Some(word);
        }
        let argument = Argument {
            option: option.long,
            first: first.text(text),
            second,
            family: self.spec.family,
            protocol: self.spec.protocol_so_far(),
        };
        let span = Span::new(first.span.start, last.span.end);
        option.value.read(&argument, &mut Sink::nowhere()).map_err(|kind| fault(kind, span))
    }

    /// An option that belongs to what is not understood: its words up to the next option.
    pub(super) fn opaque(&mut self, token: Token, word: &str) -> Outcome {
        let mut modules = self.spec.buffers.modules.iter().rev();
        let Some(module) = modules.find(|module| self.is_opaque(module)).map(|module| module.index) else {
            return Err(self.unknown(word, token));
        };
        let start = self.spec.buffers.arguments.len();
        self.spec.buffers.arguments.push(token);
        let mut last = token;
        while let Some(next) = self.spec.buffers.words.get(self.at).copied() {
            let word = next.text(self.spec.text);
            // A word with blanks was quoted for its value, whatever that begins with.
            if is_option(&word) && !word.contains([' ', '\t']) {
                break;
            }
            self.at += 1;
            last = next;
            self.spec.buffers.arguments.push(next);
        }
        let negation = self.negation.take();
        self.spec.buffers.used.push(Used {
            module,
            option: Used::OPAQUE,
            negated: negation.is_some(),
            first: u32::try_from(start).unwrap_or(u32::MAX),
            count: u16::try_from(self.spec.buffers.arguments.len() - start).unwrap_or(u16::MAX),
            span: Span::new(negation.map_or(token.span.start, |negation| negation.start), last.span.end),
        });
        Ok(())
    }
}

/// Whether `word` begins an option: a number with a minus does not.
fn is_option(word: &str) -> bool {
    match word.as_bytes() {
        b"!" => true,
        [b'-', next, ..] => !next.is_ascii_digit(),
        _ => false,
    }
}
