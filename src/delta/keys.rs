//! Canonical texts as numbers, so that comparing rules is comparing numbers.

use std::borrow::Cow;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::loose::loose;
use crate::model::Family;
use crate::model::equal;
use crate::model::spec::Parser;

/// The number of a canonical text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key(u32);

impl Key {
    /// What no text has.
    pub(super) const NONE: Self = Self(u32::MAX);

    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The canonical texts of one comparison.
#[derive(Debug)]
pub(super) struct Keys {
    family: Family,
    texts: IndexSet<Box<str>, FxBuildHasher>,
    parser: Parser,
}

impl Keys {
    pub(super) fn new(family: Family) -> Self {
        Self { family, texts: IndexSet::default(), parser: Parser::new() }
    }

    /// The text of `key`.
    pub(super) fn text(&self, key: Key) -> &str {
        self.texts.get_index(key.index()).map_or("", |text| text)
    }

    /// The key of a rule that stands for one rule, by its words.
    pub(super) fn of(&mut self, words: &str) -> Key {
        let canonical = equal::canonical(words, self.family);
        self.intern_text(&canonical)
    }

    /// The key that `key` shares with all rules which `-D` takes for the same.
    pub(super) fn loose(&mut self, key: Key) -> Key {
        match loose(self.text(key), self.family) {
            Cow::Borrowed(_) => key,
            Cow::Owned(text) => self.intern_text(&text),
        }
    }

    /// The keys of the rules that lists of addresses stand for; none where the words stand for exactly one rule.
    pub(super) fn of_list(&mut self, words: &str) -> Option<Vec<Key>> {
        // Lists need a comma, and rules for one family only an option that says so; most rules have neither.
        if ![",", "-4", "-6", "--ipv"].iter().any(|sign| words.contains(sign)) {
            return None;
        }
        let spec = self.parser.parse(words, self.family).ok()?;
        if spec.rule_count() == 1 {
            self.parser.recycle(spec);
            return None;
        }
        let texts: Vec<String> = spec.expand().map(|rule| rule.canonical()).collect();
        self.parser.recycle(spec);
        Some(texts.into_iter().map(|text| self.intern_text(&text)).collect())
    }

    #[expect(clippy::cast_possible_truncation, reason = "rules come from texts under 4 GiB")]
    fn intern_text(&mut self, text: &str) -> Key {
        let index = self.texts.get_index_of(text);
        Key(index.unwrap_or_else(|| self.texts.insert_full(Box::from(text)).0) as u32)
    }
}
