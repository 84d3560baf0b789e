//! The one conversion of script errors: what Rhai says becomes a diagnostic at the innermost place, with the calls that
//! led there.

use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult, NativeCallContext, ParseErrorType, Position};

use super::names;
use super::session::Session;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::{SourceFile, Span};

/// What a function of the host answers.
pub(crate) type Native<T> = Result<T, Box<EvalAltResult>>;

/// An error that a function of the host raises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The stable code.
    pub(crate) code: &'static str,
    /// One sentence.
    pub(crate) message: String,
    /// Facts that explain it.
    pub(crate) notes: Vec<String>,
    /// What to do next.
    pub(crate) help: Vec<String>,
}

impl Fault {
    /// A fault with a code and a message.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), notes: Vec::new(), help: Vec::new() }
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

/// The fault as Rhai's error, at the place of the call.
pub(crate) fn raise(context: &NativeCallContext, fault: Fault) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(fault), context.call_position()))
}

/// A call that led to the error: the function, and where it was called.
struct Frame {
    function: String,
    place: (Arc<SourceFile>, Position),
}

/// The diagnostic of an error of the script that runs in `session`.
pub(super) fn diagnose(engine: &Engine, session: &Session, error: &EvalAltResult) -> Diagnostic {
    let mut source = session.source(None);
    let mut frames = Vec::new();
    let mut inner = error;
    loop {
        inner = match inner {
            EvalAltResult::ErrorInFunctionCall(function, within, next, position) => {
                frames.push(Frame { function: function.clone(), place: (Arc::clone(&source), *position) });
                if !within.is_empty() {
                    source = session.source(Some(within));
                }
                next
            }
            EvalAltResult::ErrorInModule(module, next, position) => {
                let function = format!("import {module:?}");
                frames.push(Frame { function, place: (Arc::clone(&source), *position) });
                if session.sources.contains_key(module) {
                    source = session.source(Some(module));
                }
                next
            }
            _ => break,
        };
    }
    let mut position = inner.position();
    if position.is_none()
        && let Some(frame) = frames.pop()
    {
        (source, position) = frame.place;
    }
    let described = describe(engine, inner);
    let mut diagnostic = match span_of(&source, position) {
        Some(span) => described.at(&source, span, ""),
        None => described.note(format!("in `{}`", source.name())),
    };
    for frame in frames.iter().rev().filter(|frame| !frame.function.is_empty()) {
        let (source, position) = &frame.place;
        if let Some(span) = span_of(source, *position) {
            diagnostic = diagnostic.see(source, span, format!("called from here: `{}`", frame.function));
        }
    }
    diagnostic
}

/// The part of the line that an error at `position` is about.
fn span_of(source: &SourceFile, position: Position) -> Option<Span> {
    let line = u32::try_from(position.line()?).ok()?;
    let column = u32::try_from(position.position().unwrap_or(1)).ok()?;
    Some(source.expression_span(line, column))
}

fn describe(engine: &Engine, error: &EvalAltResult) -> Diagnostic {
    match error {
        EvalAltResult::ErrorRuntime(value, _) => thrown(value),
        EvalAltResult::ErrorParsing(kind, _) => parsing(kind),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => names::function_not_found(engine, signature),
        EvalAltResult::ErrorVariableNotFound(name, _) => names::variable_not_found(name),
        EvalAltResult::ErrorDotExpr(text, _) => names::property_not_found(engine, text),
        EvalAltResult::ErrorPropertyNotFound(name, _) => {
            Diagnostic::error("unknown-property", format!("there is no property `{name}`"))
                .help("`scripts/API.md` lists what can be read")
        }
        EvalAltResult::ErrorModuleNotFound(path, _) => {
            Diagnostic::error("missing-module", format!("there is no module `{path}`"))
                .help("modules are looked for beside the script, then in the folders given by `--library`")
        }
        EvalAltResult::ErrorTerminated(token, _) => limit(&token.clone().into_string().unwrap_or_default()),
        EvalAltResult::ErrorStackOverflow(_) => limit("depth"),
        EvalAltResult::ErrorDataRace(..) => Diagnostic::error(
            "variable-in-use",
            "the closure uses the variable whose method runs it, which Rhai cannot do",
        )
        .help("give the closure a copy of its own: `let all = rules;`"),
        EvalAltResult::ErrorMismatchDataType(wanted, given, _) => Diagnostic::error(
            "bad-value",
            format!("this is {}, and {} is wanted", names::type_word(given), names::type_word(wanted)),
        )
        .help("give a value of that kind"),
        EvalAltResult::ErrorForbiddenVariable(name, _) => {
            Diagnostic::error("reserved-name", format!("`{name}` is a name of the host's"))
                .help("choose another name")
        }
        other => Diagnostic::error("script", lower(&plain_text(other))),
    }
}

/// The error's own words, without its position.
fn plain_text(error: &EvalAltResult) -> String {
    let mut text = error.to_string();
    if let Some(at) = text.rfind(" (line ") {
        text.truncate(at);
    }
    text
}

fn lower(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_lowercase().collect::<String>()).unwrap_or_default();
    [first.as_str(), characters.as_str().trim_end_matches('.')].concat()
}

fn thrown(value: &Dynamic) -> Diagnostic {
    if let Some(fault) = value.read_lock::<Fault>() {
        let diagnostic = Diagnostic::error(fault.code, fault.message.clone());
        let diagnostic =
            fault.notes.iter().fold(diagnostic, |diagnostic, note| diagnostic.note(note.clone()));
        return fault.help.iter().fold(diagnostic, |diagnostic, help| diagnostic.help(help.clone()));
    }
    Diagnostic::error("thrown", format!("the script threw `{value}`"))
}

fn parsing(kind: &ParseErrorType) -> Diagnostic {
    let text = kind.to_string();
    let diagnostic = Diagnostic::error("syntax", lower(&text));
    match kind {
        ParseErrorType::Reserved(word) => {
            let diagnostic = Diagnostic::error("syntax", format!("`{word}` is a word that Rhai reserves"));
            diagnostic.help("choose another name; as the key of a map put it in quotes")
        }
        ParseErrorType::VariableUndefined(name) => names::variable_not_found(name),
        ParseErrorType::FnMissingName | ParseErrorType::MissingToken(..) => diagnostic.help(
            "is a name here one of Rhai's own words, such as `in`? choose another, or quote a map's key",
        ),
        _ => diagnostic.help("https://rhai.rs/book has the language"),
    }
}

/// What is said of a script that ran into a limit.
pub(super) fn limit(which: &str) -> Diagnostic {
    let (code, message, help) = match which {
        "memory" => ("memory-limit", "the script takes too much memory", "hold less at a time"),
        "depth" => {
            ("depth-limit", "the script calls functions too deep", "is there a recursion without an end?")
        }
        _ => (
            "time-limit",
            "the script runs too long",
            "is there a loop without an end? `--time-limit SECONDS` gives it longer",
        ),
    };
    Diagnostic::error(code, message).help(help)
}

/// The diagnostic of a parameter that no script asked for.
pub(super) fn unasked(name: &str, from: &str, asked: &[&str]) -> Diagnostic {
    let diagnostic =
        Diagnostic::error("unknown-parameter", format!("no script asks for the parameter `{name}` ({from})"));
    if let Some(near) = did_you_mean(name, asked.iter().copied()) {
        return diagnostic.help(format!("did you mean `{near}`?"));
    }
    if asked.is_empty() {
        return diagnostic.help("the scripts have no parameters");
    }
    diagnostic.help(format!("they ask for {}", crate::diagnostic::list(asked.iter().copied(), 20)))
}
