//! Values that are names of a fixed list: one of them, or several with commas.

use super::fault::{SpecErrorKind, closest};
use super::{Argument, Sink};

/// How a name is compared with the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// As it is.
    Exact,
    /// Whatever the case.
    AnyCase,
    /// Whatever the case, and abbreviated; the first of the list that fits counts.
    Abbreviated,
}

impl Spelling {
    /// Whether `word` stands for `name`.
    #[must_use]
    pub fn fits(self, word: &str, name: &str) -> bool {
        match self {
            Self::Exact => word == name,
            Self::AnyCase => word.eq_ignore_ascii_case(name),
            Self::Abbreviated => name.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word)),
        }
    }
}

/// One name of a list.
#[derive(Debug)]
pub struct Keyword {
    /// The names, in the order in which they are tried.
    pub names: &'static [&'static str],
    /// Other names, and the name that each is printed as.
    pub aliases: &'static [(&'static str, &'static str)],
    /// How they are compared.
    pub spelling: Spelling,
}

impl Keyword {
    /// The name that `word` stands for.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<&'static str> {
        let own = self.names.iter().find(|name| self.spelling.fits(word, name)).copied();
        own.or_else(|| {
            self.aliases.iter().find(|(alias, _)| self.spelling.fits(word, alias)).map(|(_, name)| *name)
        })
    }

    pub(super) fn read(&self, argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
        let name =
            self.find(argument.text()).ok_or_else(|| unknown(argument, argument.text(), self.names))?;
        out.push_str(name);
        Ok(())
    }
}

/// Names with commas, each a set of bits; printed in the list's order.
#[derive(Debug)]
pub struct Flags {
    /// The names and their bits, in the order in which they are printed.
    pub names: &'static [(&'static str, u32)],
    /// Other names and their bits; never printed.
    pub aliases: &'static [(&'static str, u32)],
    /// How they are compared.
    pub spelling: Spelling,
    /// What is printed where no bit is set.
    pub none: &'static str,
    /// Whether an empty part between commas is passed over.
    pub lenient: bool,
}

impl Flags {
    /// The bits that `list` says.
    ///
    /// # Errors
    /// `UnknownName` for what is none of the names.
    pub fn bits(&self, list: &str, argument: &Argument<'_>) -> Result<u32, SpecErrorKind> {
        let mut bits = 0;
        for word in list.split(',') {
            if word.is_empty() && self.lenient {
                continue;
            }
            let fits = |(name, _): &&(&str, u32)| !word.is_empty() && self.spelling.fits(word, name);
            let (_, bit) = self
                .names
                .iter()
                .chain(self.aliases)
                .find(fits)
                .ok_or_else(|| unknown_of(argument, word, self.names.iter().map(|(name, _)| *name)))?;
            bits |= bit;
        }
        Ok(bits)
    }

    /// Appends the names of `bits`.
    pub fn push(&self, bits: u32, out: &mut Sink<'_>) {
        let mut left = bits;
        let mut first = true;
        for (name, bit) in self.names {
            if *bit != 0 && left & bit == *bit {
                if !first {
                    out.push(',');
                }
                out.push_str(name);
                first = false;
                left &= !bit;
            }
        }
        if first {
            out.push_str(self.none);
        }
    }

    pub(super) fn read(&self, argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
        let bits = self.bits(argument.text(), argument)?;
        self.push(bits, out);
        Ok(())
    }
}

/// The fault that `word` is none of `names`.
#[must_use]
pub fn unknown(argument: &Argument<'_>, word: &str, names: &'static [&'static str]) -> SpecErrorKind {
    unknown_of(argument, word, names.iter().copied())
}

fn unknown_of(
    argument: &Argument<'_>,
    word: &str,
    names: impl Iterator<Item = &'static str> + Clone,
) -> SpecErrorKind {
    let expected = names.clone().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    SpecErrorKind::UnknownName {
        option: argument.option,
        value: word.to_owned(),
        expected,
        hint: closest(word, names),
    }
}
