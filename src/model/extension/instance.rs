//! The options of one match or target of a rule, as they were given.

use std::borrow::Cow;

use super::{Extension, HookSet, Kind, OptionSpec, TableSet};
use crate::model::Family;
use crate::model::value::{Argument, ProtocolSoFar, Sink, SpecErrorKind};
use crate::source::Span;
use crate::syntax;

/// A word, or what of a word stands behind an option's name, as a place in the rule's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// Where the whole word stands.
    pub span: Span,
    /// How many bytes of the word, quotes taken off, belong to the option's name.
    pub skip: u16,
    /// Whether any of it is quoted.
    pub quoted: bool,
}

impl Token {
    /// The text, quotes taken off.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let raw = text.get(self.span.range()).unwrap_or_default();
        let skip = usize::from(self.skip);
        if !self.quoted {
            return Cow::Borrowed(raw.get(skip..).unwrap_or_default());
        }
        match syntax::words(raw).next() {
            Some(Ok(word)) => match word.text {
                Cow::Borrowed(word) => Cow::Borrowed(word.get(skip..).unwrap_or_default()),
                Cow::Owned(word) => Cow::Owned(word.get(skip..).unwrap_or_default().to_owned()),
            },
            _ => Cow::Borrowed(""),
        }
    }
}

/// An option that a rule gives to a match or target.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// The index of the match or target among those of the rule.
    pub module: u16,
    /// The index of the option in the extension's list; [`Used::OPAQUE`] where the extension is not understood.
    pub option: u8,
    /// Whether a `!` stood before it.
    pub negated: bool,
    /// The index of its first word among the rule's arguments.
    pub first: u32,
    /// How many words it has; for an option that is not understood, its name counts.
    pub count: u16,
    /// Where the option stands, its words included.
    pub span: Span,
}

impl Used {
    /// The index of an option that is not understood.
    pub const OPAQUE: u8 = u8::MAX;
}

/// One match or target of a rule, with the options that the rule gives it.
#[derive(Clone, Copy, Debug)]
pub struct Instance<'s> {
    /// What it is.
    pub extension: &'static Extension,
    /// The rule's family.
    pub family: Family,
    /// The rule's protocol.
    pub protocol: ProtocolSoFar,
    /// The rule's text.
    pub text: &'s str,
    /// The words of the rule's options.
    pub arguments: &'s [Token],
    /// The rule's options.
    pub used: &'s [Used],
    /// The index of this match or target.
    pub module: u16,
}

/// An option that is given, with its words.
#[derive(Debug)]
pub struct Given<'s> {
    /// What it is.
    pub option: &'static OptionSpec,
    /// Whether a `!` stood before it.
    pub negated: bool,
    /// Its words.
    pub argument: Argument<'s>,
    /// Whether it has any.
    pub has_value: bool,
}

impl<'s> Instance<'s> {
    /// The option called `long`, where it is given; of one that comes several times, the last.
    #[must_use]
    pub fn get(&self, long: &str) -> Option<Given<'s>> {
        let (index, _) = self.extension.option(long)?;
        self.last(index).and_then(|used| self.given(used))
    }

    /// Whether the option called `long` is given.
    #[must_use]
    pub fn has(&self, long: &str) -> bool {
        self.extension.option(long).is_some_and(|(index, _)| self.last(index).is_some())
    }

    /// Whether no option is given.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.own().next().is_none()
    }

    /// The entries of this match or target.
    #[must_use]
    pub fn own(&self) -> impl DoubleEndedIterator<Item = &'s Used> {
        let module = self.module;
        self.used.iter().filter(move |used| used.module == module)
    }

    /// The last entry of the option with this index.
    #[must_use]
    pub fn last(&self, index: usize) -> Option<&'s Used> {
        self.own().rev().find(|used| usize::from(used.option) == index)
    }

    /// The option of `used`, with its words.
    #[must_use]
    pub fn given(&self, used: &Used) -> Option<Given<'s>> {
        let option = self.extension.options.get(usize::from(used.option))?;
        let word = |index: u32| self.arguments.get(index as usize).map(|token| token.text(self.text));
        let first = if used.count > 0 { word(used.first) } else { None }.unwrap_or_default();
        let second = if used.count > 1 { word(used.first + 1) } else { None };
        let argument =
            Argument { option: option.long, first, second, family: self.family, protocol: self.protocol };
        Some(Given { option, negated: used.negated, argument, has_value: used.count > 0 })
    }

    /// The hooks that this match or target can be reached from, its options considered.
    #[must_use]
    pub fn hooks(&self) -> HookSet {
        let own = self.own().filter_map(|used| self.extension.options.get(usize::from(used.option)));
        let hooks = own.fold(self.extension.hooks, |hooks, option| hooks.and(option.hooks));
        self.extension.narrow.map_or(hooks, |narrow| hooks.and(narrow(self)))
    }

    /// The tables that this match or target may stand in, its options considered.
    #[must_use]
    pub fn tables(&self) -> TableSet {
        let own = self.own().filter_map(|used| self.extension.options.get(usize::from(used.option)));
        own.fold(self.extension.tables, |tables, option| tables.and(option.tables))
    }

    /// `-m NAME` or `-j NAME`, for messages.
    #[must_use]
    pub fn title(&self) -> String {
        title(self.extension.kind, self.extension.name)
    }

    /// The fault that the kernel does not take this combination.
    #[must_use]
    pub fn refused(&self, reason: &'static str) -> SpecErrorKind {
        SpecErrorKind::Refused { extension: self.title(), reason }
    }
}

impl Given<'_> {
    /// Appends ` [!] --long VALUE`.
    pub fn push(&self, out: &mut Sink<'_>) {
        self.push_as(self.option.long, out);
    }

    /// Appends ` [!] --name VALUE`.
    pub fn push_as(&self, name: &str, out: &mut Sink<'_>) {
        out.push_str(if self.negated { " ! --" } else { " --" });
        out.push_str(name);
        if self.has_value {
            out.push(' ');
            self.push_value(out);
        }
    }

    /// Appends the value.
    pub fn push_value(&self, out: &mut Sink<'_>) {
        // The value was read when the rule was parsed, so it is right.
        let _ = self.option.value.read(&self.argument, out);
    }

    /// The value's canonical text.
    #[must_use]
    pub fn value(&self) -> String {
        let mut value = String::new();
        self.push_value(&mut Sink::to(&mut value));
        value
    }
}

/// `-m NAME` or `-j NAME`.
#[must_use]
pub fn title(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Match => format!("-m {name}"),
        Kind::Target => format!("-j {name}"),
    }
}
