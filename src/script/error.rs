//! The one conversion of script errors: what Rhai says becomes a diagnostic at the innermost place, with the calls that
//! led there.

use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult, ParseErrorType, Position};

use super::compile::CLOSURE;
use super::fault::{Fault, shortened};
use super::limits::Limit;
use super::names::Names;
use super::resolver::Modules;
use super::session::Session;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::{SourceFile, Span};

/// How many lines Rhai counts.
const LINES: usize = u16::MAX as usize;

/// A place in a script.
type Place = (Arc<SourceFile>, Position);

/// A call or import that led to the error: what it was, and where.
struct Frame {
    what: String,
    place: Place,
}

/// The diagnostic of an error of the script that runs in `session`.
pub(super) fn diagnose(
    engine: &Engine,
    modules: &Modules,
    session: &Session,
    error: &EvalAltResult,
) -> Diagnostic {
    let (inner, (source, position), frames) = innermost(session, error);
    let module = |path: &str| modules.text(source.name(), path);
    let names = Names { engine, text: source.text(), module: &module };
    let described = describe(&names, inner);
    let mut diagnostic = match span_of(&source, position) {
        Some(span) => {
            // The place of the call comes first; what the fault points at explains it.
            let Diagnostic { labels, .. } = &described;
            let labels = labels.clone();
            let mut placed = Diagnostic { labels: Vec::new(), ..described }.at(&source, span, "");
            placed.labels.extend(labels);
            placed
        }
        None => described.note(format!("in `{}`", source.name())),
    };
    if position.line() == Some(LINES) {
        diagnostic =
            diagnostic.note(format!("Rhai counts {LINES} lines: the place is there or further down"));
    }
    let mut last = (source.name().to_owned(), position);
    for Frame { what, place: (source, position) } in frames.iter().rev() {
        let place = (source.name().to_owned(), *position);
        if let Some(span) = span_of(source, *position).filter(|_| place != last) {
            diagnostic = diagnostic.see(source, span, what.clone());
        }
        last = place;
    }
    diagnostic
}

/// The error at the bottom, its place, and the calls that led there, the outermost first.
fn innermost<'e>(session: &Session, error: &'e EvalAltResult) -> (&'e EvalAltResult, Place, Vec<Frame>) {
    let mut source = session.source(None);
    let mut frames = Vec::new();
    let mut inner = error;
    loop {
        let (what, within, next, position) = match inner {
            EvalAltResult::ErrorInFunctionCall(function, within, next, position) => {
                let what = match function.as_str() {
                    closure if closure.starts_with(CLOSURE) => "the closure was called from here".to_owned(),
                    function => format!("`{function}` was called from here"),
                };
                (what, within, next, *position)
            }
            EvalAltResult::ErrorInModule(module, next, position) => {
                (format!("`{module}` was imported here"), module, next, *position)
            }
            _ => break,
        };
        frames.push(Frame { what, place: (Arc::clone(&source), position) });
        if session.sources.contains_key(within) {
            source = session.source(Some(within));
        }
        inner = next;
    }
    let mut place = (source, inner.position());
    if place.1.is_none()
        && let Some(frame) = frames.pop()
    {
        place = frame.place;
    }
    (inner, place, frames)
}

/// The part of the line that an error at `position` is about.
pub(super) fn span_of(source: &SourceFile, position: Position) -> Option<Span> {
    let line = u32::try_from(position.line()?).ok()?;
    let column = u32::try_from(position.position().unwrap_or(1)).ok()?;
    Some(source.expression_span(line, column))
}

/// The error at the bottom.
fn bottom(error: &EvalAltResult) -> &EvalAltResult {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, next, _) | EvalAltResult::ErrorInModule(_, next, _) => {
            bottom(next)
        }
        error => error,
    }
}

/// The codes of an error that a closure raised, the first of them its own.
pub(super) fn codes(engine: &Engine, error: &EvalAltResult) -> Vec<&'static str> {
    let inner = bottom(error);
    if let EvalAltResult::ErrorRuntime(value, _) = inner
        && let Some(fault) = value.read_lock::<Fault>()
    {
        return fault.codes();
    }
    vec![describe(&Names { engine, text: "", module: &|_| None }, inner).code]
}

/// What such an error says.
pub(super) fn words(engine: &Engine, error: &EvalAltResult) -> String {
    let inner = bottom(error);
    describe(&Names { engine, text: "", module: &|_| None }, inner).words()
}

fn describe(names: &Names<'_>, error: &EvalAltResult) -> Diagnostic {
    match error {
        EvalAltResult::ErrorRuntime(value, _) => thrown(value),
        EvalAltResult::ErrorParsing(kind, _) => parsing(names, kind),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => names.function_not_found(signature),
        EvalAltResult::ErrorVariableNotFound(name, _) => names.variable_not_found(name),
        EvalAltResult::ErrorDotExpr(text, _) => names.property_not_found(text),
        EvalAltResult::ErrorPropertyNotFound(name, _) => {
            Diagnostic::error("unknown-property", format!("there is no property `{name}`"))
                .help("`scripts/API.md` lists what can be read")
        }
        EvalAltResult::ErrorModuleNotFound(path, _) => {
            Diagnostic::error("missing-module", format!("there is no module `{path}`"))
                .help("modules are looked for beside the script, then in the folders given by `--library`")
        }
        EvalAltResult::ErrorTerminated(token, _) => limit(token.clone().try_cast()),
        EvalAltResult::ErrorStackOverflow(_) => limit(Some(Limit::Depth)),
        EvalAltResult::ErrorMismatchDataType(wanted, given, _) => Diagnostic::error(
            "bad-value",
            format!("this is {}, and {} is wanted", names.type_word(given), names.type_word(wanted)),
        )
        .help("give a value of that kind"),
        EvalAltResult::ErrorFor(_) => Diagnostic::error("bad-value", "this cannot be iterated over")
            .help("arrays, ranges such as `1..5`, texts and `chain(\"INPUT\").rules` can"),
        EvalAltResult::ErrorIndexingType(text, _) => {
            let (of, by) = text.trim_end_matches(']').split_once(" [").unwrap_or((text, "a number"));
            let (of, by) = (names.type_word(of), names.type_word(by));
            Diagnostic::error("bad-value", format!("{of} cannot be indexed by {by}"))
                .help("arrays and the rules of a chain take numbers, from 0, and maps take texts")
        }
        EvalAltResult::ErrorForbiddenVariable(name, _) => {
            Diagnostic::error("reserved-name", format!("`{name}` is a name of the host's"))
                .help("choose another name")
        }
        EvalAltResult::ErrorAssignmentToConstant(name, _) => {
            Diagnostic::error("read-only", format!("`{name}` cannot be assigned to"))
                .help("declare a variable of another name with `let`")
        }
        EvalAltResult::ErrorNonPureMethodCallOnConstant(name, _) => {
            Diagnostic::error("read-only", format!("`{name}` would change a constant"))
                .help("declare it with `let`, not `const`")
        }
        EvalAltResult::ErrorDataRace(..) => Diagnostic::error(
            "variable-in-use",
            "the closure uses the variable whose method runs it, which Rhai cannot do",
        )
        .help("give the closure a copy of its own: `let all = rules;`"),
        other => Diagnostic::error("script", lower(&plain_text(other)))
            .help("`try { … } catch (error) { … }` goes on without it"),
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
        let mut diagnostic =
            fault.help.iter().fold(diagnostic, |diagnostic, help| diagnostic.help(help.clone()));
        diagnostic.labels.extend(fault.places().iter().cloned());
        return diagnostic;
    }
    Diagnostic::error("thrown", format!("the script threw `{}`", shortened(value)))
}

fn parsing(names: &Names<'_>, kind: &ParseErrorType) -> Diagnostic {
    let text = kind.to_string();
    let diagnostic = Diagnostic::error("syntax", lower(&text));
    match kind {
        ParseErrorType::Reserved(word) => {
            let diagnostic = Diagnostic::error("syntax", format!("`{word}` is a word that Rhai reserves"));
            diagnostic.help("choose another name; as the key of a map put it in quotes")
        }
        ParseErrorType::VariableUndefined(name) => names.variable_not_found(name),
        ParseErrorType::ModuleUndefined(name) => names.module_not_imported(name),
        ParseErrorType::FnMissingName | ParseErrorType::MissingToken(..) => diagnostic.help(
            "is a name here one of Rhai's own words, such as `in`? choose another, or quote a map's key",
        ),
        _ => diagnostic.help("https://rhai.rs/book has the language"),
    }
}

/// What is said of a script that ran into a limit.
pub(super) fn limit(which: Option<Limit>) -> Diagnostic {
    let (code, message, help) = match which {
        Some(Limit::Memory) => ("memory-limit", "the script takes too much memory", "hold less at a time"),
        Some(Limit::Depth) => {
            ("depth-limit", "the script calls functions too deep", "is there a recursion without an end?")
        }
        Some(Limit::Time) | None => (
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
