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
    /// What few faults have.
    more: Option<Box<More>>,
}

/// What a fault says beside its words.
#[derive(Clone, Debug, Default)]
struct More {
    /// Places that explain it, beside that of the call.
    places: Vec<Label>,
    /// Codes of what else is wrong.
    codes: Vec<&'static str>,
}

impl Fault {
    /// A fault with a code and a message.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), notes: Vec::new(), help: Vec::new(), more: None }
    }

    /// The same, with what to do next.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds a place that explains it.
    pub(crate) fn point_at(&mut self, place: Label) {
        self.more.get_or_insert_default().places.push(place);
    }

    /// Adds the code of what else is wrong.
    pub(crate) fn is_beside(&mut self, code: &'static str) {
        self.more.get_or_insert_default().codes.push(code);
    }

    /// The places that explain it, beside that of the call.
    pub(crate) fn places(&self) -> &[Label] {
        self.more.as_ref().map_or(&[], |more| &more.places)
    }

    /// Its code, and those of what else is wrong.
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        let others = self.more.iter().flat_map(|more| &more.codes);
        std::iter::once(self.code).chain(others.copied()).collect()
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
        let mut fault = Self { notes, help, ..Self::new(code, message) };
        for label in labels {
            fault.point_at(Label { primary: false, ..label });
        }
        fault
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
