//! What iptables takes without a word and surely was not meant.

use super::Spec;
use crate::model::value::text::{self, Text};
use crate::model::value::{Value, port, protocol};
use crate::source::Span;

/// A thing worth a warning, with its place in the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is.
    pub kind: NoteKind,
    /// Where.
    pub span: Span,
}

/// The kinds of [`Note`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteKind {
    /// A text longer than what is kept.
    #[error("`--{option}` keeps {kept} bytes and drops the rest without a word; shorten it")]
    Cut {
        /// The option.
        option: &'static str,
        /// How many bytes are kept.
        kept: usize,
    },
    /// A port beyond 16 bits.
    #[error("iptables takes port `{value}` for {port}; give a number from 0 to 65535")]
    WrappedPort {
        /// What was given.
        value: String,
        /// What it becomes.
        port: u16,
    },
    /// The ICMP of the other family.
    #[error("`-p {0}` never matches in this family; use its own ICMP")]
    ForeignProtocol(String),
    /// A protocol's name whose number is too great.
    #[error("iptables takes protocol `{0}` for `tcp`; write `-p tcp`")]
    WrappedProtocol(String),
}

impl NoteKind {
    /// Every code.
    pub const CODES: &'static [&'static str] = &["text-cut", "port-wraps", "never-matches", "protocol-wraps"];

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cut { .. } => "text-cut",
            Self::WrappedPort { .. } => "port-wraps",
            Self::ForeignProtocol(_) => "never-matches",
            Self::WrappedProtocol(_) => "protocol-wraps",
        }
    }
}

impl NoteKind {
    /// Whether the rule does not say any more what it was written for, so that a script may not add it: a port that is another
    /// one, a comment that has lost its end.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        match self {
            Self::WrappedPort { .. } => true,
            Self::Cut { option, .. } => *option == "comment",
            Self::ForeignProtocol(_) | Self::WrappedProtocol(_) => false,
        }
    }
}

impl Spec<'_> {
    /// What iptables takes without a word and surely was not meant.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        if let Some((number, place)) = self.base.protocol
            && protocol::is_foreign(number, self.family)
        {
            notes.push(Note { kind: NoteKind::ForeignProtocol(protocol::name(number)), span: place.span });
        }
        if let Some((_, place)) = self.base.protocol {
            let name = place.token.text(self.text);
            if name.eq_ignore_ascii_case("mptcp") {
                notes.push(Note { kind: NoteKind::WrappedProtocol(name.into_owned()), span: place.span });
            }
        }
        for (given, span) in self.parts().flat_map(|part| part.options().collect::<Vec<_>>()) {
            let found = match given.option.value {
                Value::Text(Text { kept, .. }) if text::byte_length(given.argument.text()) > kept => {
                    Some(NoteKind::Cut { option: given.option.long, kept })
                }
                Value::PortRange(port::Reading::Lookup) => wrapped(given.argument.text()),
                _ => None,
            };
            notes.extend(found.map(|kind| Note { kind, span }));
        }
        notes
    }
}

fn wrapped(range: &str) -> Option<NoteKind> {
    range.split(':').find_map(|part| {
        let port = port::wrapping(part).filter(|port| part.trim().parse::<u16>() != Ok(*port))?;
        Some(NoteKind::WrappedPort { value: part.to_owned(), port })
    })
}
