//! Where a value's canonical text goes: into a string, or nowhere when the value is only checked.

use std::fmt::{self, Write as _};

use crate::syntax;

/// Takes the canonical text of values and rules.
#[derive(Debug)]
pub struct Sink<'o>(Option<&'o mut String>);

impl<'o> Sink<'o> {
    /// Appends to `out`.
    #[must_use]
    pub const fn to(out: &'o mut String) -> Self {
        Self(Some(out))
    }

    /// Drops everything: for checking alone.
    #[must_use]
    pub const fn nowhere() -> Self {
        Self(None)
    }

    /// Whether anything that is pushed is kept.
    #[must_use]
    pub const fn keeps(&self) -> bool {
        self.0.is_some()
    }

    /// The same sink for a callee.
    #[must_use]
    pub fn again(&mut self) -> Sink<'_> {
        Sink(self.0.as_deref_mut())
    }

    /// Length of what stands in the string.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |out| out.len())
    }

    /// Whether the string is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was pushed behind `len`.
    #[must_use]
    pub fn tail(&self, len: usize) -> &str {
        self.0.as_ref().and_then(|out| out.get(len..)).unwrap_or_default()
    }

    /// Drops what was pushed behind `len`.
    pub fn truncate(&mut self, len: usize) {
        if let Some(out) = &mut self.0 {
            out.truncate(len);
        }
    }

    /// Appends `text`.
    pub fn push_str(&mut self, text: &str) {
        if let Some(out) = &mut self.0 {
            out.push_str(text);
        }
    }

    /// Appends `character`.
    pub fn push(&mut self, character: char) {
        if let Some(out) = &mut self.0 {
            out.push(character);
        }
    }

    /// Appends `text` as iptables-save quotes a free string.
    pub fn push_quoted(&mut self, text: &str) {
        if let Some(out) = &mut self.0 {
            syntax::push_quoted(out, text);
        }
    }

    /// Appends `text` so that it is read back as one word.
    pub fn push_word(&mut self, text: &str) {
        if let Some(out) = &mut self.0 {
            syntax::push_word(out, text);
        }
    }

    /// Appends `number` in decimal.
    pub fn push_number(&mut self, number: u64) {
        let Some(out) = &mut self.0 else { return };
        if number >= 10 {
            Sink(Some(&mut **out)).push_number(number / 10);
        }
        out.extend(char::from_digit((number % 10) as u32, 10));
    }

    /// Appends `number` in hexadecimal with its `0x`.
    pub fn push_hex(&mut self, number: u64) {
        self.push_fmt(format_args!("{number:#x}"));
    }

    /// Appends formatted text.
    pub fn push_fmt(&mut self, text: fmt::Arguments<'_>) {
        if let Some(out) = &mut self.0 {
            // Writing into a String cannot fail.
            let _ = out.write_fmt(text);
        }
    }
}
