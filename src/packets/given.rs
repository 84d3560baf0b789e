//! Packets as they were given, and what is said of those that are none.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::simulate::{Assumption, AssumptionError, Packet, PacketError, PacketErrorKind, PacketFault};
use crate::source::{SourceFile, Span};

/// What messages call the text of a packet.
const NAME: &str = "packet";

/// A packet, and the text that it was given as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The text.
    pub text: String,
    /// The packet.
    pub packet: Packet,
}

impl Given {
    /// Reads a packet.
    ///
    /// # Errors
    /// What is no packet, with its place.
    pub fn parse(text: &str) -> Result<Self, PacketError> {
        Ok(Self { packet: Packet::parse(text)?, text: text.trim().to_owned() })
    }

    /// Reads a packet from words and their values.
    ///
    /// # Errors
    /// A word that packets do not have, or a value that it does not take.
    pub fn of<'w>(words: impl IntoIterator<Item = (&'w str, String)>) -> Result<Self, PacketErrorKind> {
        let mut parts = Vec::new();
        for (word, value) in words {
            // A value of several words would be read as more words of the packet; here it is none at all.
            Packet::new().set(word, &value)?;
            parts.push(format!("{word}={value}"));
        }
        Self::parse(&parts.join(" ")).map_err(|error| error.kind)
    }
}

/// That a text is no packet.
#[must_use]
pub fn bad_packet(text: &str, error: &PacketError) -> Diagnostic {
    error.diagnostic(NAME, text)
}

/// That a packet cannot be.
#[must_use]
pub fn cannot_be(text: &str, fault: &PacketFault) -> Diagnostic {
    let diagnostic = Diagnostic::error(PacketFault::CODE, fault.to_string()).help(fault.help());
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    match SourceFile::from_bytes(NAME, text.as_bytes().to_vec()) {
        Ok(source) => diagnostic.at(&Arc::new(source), Span::new(0, end), ""),
        Err(_) => diagnostic,
    }
}

/// That a text settles nothing.
fn bad_assumption(text: &str, error: &AssumptionError) -> Diagnostic {
    Diagnostic::error("bad-assumption", error.to_string())
        .note(format!("in `--assume '{text}'`"))
        .help(error.help())
}

/// Reads `--assume`.
///
/// # Errors
/// The first text that settles nothing.
pub fn assumptions(texts: &[String]) -> Result<Vec<Assumption>, Diagnostic> {
    let parse = |text: &String| Assumption::parse(text).map_err(|error| bad_assumption(text, &error));
    texts.iter().map(parse).collect()
}
