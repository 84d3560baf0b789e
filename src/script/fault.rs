//! Errors that functions of the host raise.

use std::fmt::{self, Write as _};

use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use crate::diagnostic::{Diagnostic, Label};

/// What a function of the host answers.
pub(crate) type Native<T> = Result<T, Box<EvalAltResult>>;

/// The longest sentence of a message, in bytes.
const LONGEST: usize = 4096;

/// An error that a function of the host raises.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// The stable code.
    pub(crate) code: &'static str,
    /// One sentence.
    pub(crate) message: String,
    /// Facts that explain it.
    pub(crate) notes: Vec<String>,
    /// What to do next.
    pub(crate) help: Vec<String>,
    /// Places that explain it, beside that of the call.
    pub(crate) places: Vec<Label>,
    /// Codes of what else is wrong.
    pub(crate) beside: Vec<&'static str>,
}

impl Fault {
    /// A fault with a code and a message.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            notes: Vec::new(),
            help: Vec::new(),
            places: Vec::new(),
            beside: Vec::new(),
        }
    }

    /// The same, with what to do next.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// The same, with a fact that explains it.
    pub(crate) fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }
}

impl From<Diagnostic> for Fault {
    /// What a diagnostic says, raised by a call.
    fn from(diagnostic: Diagnostic) -> Self {
        let Diagnostic { code, message, labels, notes, help, .. } = diagnostic;
        let places = labels.into_iter().map(|label| Label { primary: false, ..label }).collect();
        Self { notes, help, places, ..Self::new(code, message) }
    }
}

/// The fault as Rhai's error, at the place of the call.
pub(crate) fn raise(context: &NativeCallContext, mut fault: Fault) -> Box<EvalAltResult> {
    let texts = std::iter::once(&mut fault.message).chain(&mut fault.notes).chain(&mut fault.help);
    texts.filter(|text| text.len() > LONGEST).for_each(|text| *text = shortened(&text));
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(fault), context.call_position()))
}

/// What is shown of a value: an array may hold a long text a million times.
pub(super) fn shortened(value: &impl fmt::Display) -> String {
    struct Short(String);
    impl fmt::Write for Short {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let room = LONGEST.saturating_sub(self.0.len());
            let end = (0..=room.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            self.0.push_str(text.get(..end).unwrap_or_default());
            if end < text.len() { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut short = Short(String::new());
    if write!(short, "{value}").is_err() {
        short.0.push('…');
    }
    short.0
}
