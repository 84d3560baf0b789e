//! What the functions about parameters and the world do.

use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::fault::{Fault, Native, raise, shortened};
use super::session::{Allowed, origin, session};
use crate::diagnostic::Diagnostic;

/// The parameter `name` as what `fallback` is.
pub(super) fn param(context: &NativeCallContext, name: &str, fallback: Dynamic) -> Native<Dynamic> {
    let shared = session(context);
    let mut session = shared.borrow_mut();
    let Some(given) = session.params.ask(name) else { return Ok(fallback) };
    given.like(name, &fallback).map_err(|message| {
        raise(context, Fault::new("bad-parameter", message).help(format!("give it as `-D {name}=VALUE`")))
    })
}

/// The parameter `name`, which must be given.
pub(super) fn required(context: &NativeCallContext, name: &str) -> Native<Dynamic> {
    let shared = session(context);
    let mut session = shared.borrow_mut();
    session.params.ask(name).map(super::params::Given::plain).ok_or_else(|| {
        let fault = Fault::new("missing-parameter", format!("the script needs the parameter `{name}`"));
        raise(context, fault.help(format!("give it as `-D {name}=VALUE`")))
    })
}

/// Keeps a `#` line for the next rule.
pub(super) fn note(context: &NativeCallContext, text: &str) -> Native<()> {
    if text.contains(['\n', '\r', '\0']) {
        let fault = Fault::new("line-feed", "a note is one line, and this holds a line feed or a NUL");
        return Err(raise(context, fault.help("call `note` once for each line")));
    }
    session(context).borrow_mut().notes.push(text.to_owned());
    Ok(())
}

/// Warns the user.
pub(super) fn warn(context: &NativeCallContext, text: &str) {
    let place = origin(context);
    let span = place.script.expression_span(place.line, place.column);
    let warning = Diagnostic::warning("script-warning", shortened(&text)).at(&place.script, span, "");
    session(context).borrow_mut().warnings.push(warning);
}

/// The error that ends the run.
pub(super) fn fail(context: &NativeCallContext, text: &str) -> Box<EvalAltResult> {
    raise(context, Fault::new("fail", text))
}

/// Lifts the guard on Docker's own rules for the script that runs.
pub(super) fn allow_docker_edit(context: &NativeCallContext) {
    session(context).borrow_mut().docker_edits = true;
}

/// Allows findings of this code for the run.
pub(super) fn allow(context: &NativeCallContext, code: &str, why: &str) -> Native<()> {
    if why.trim().is_empty() {
        let fault = Fault::new("missing-reason", format!("`{code}` is allowed without a reason"));
        return Err(raise(context, fault.help("say in the second text why it is right here")));
    }
    let allowed = Allowed { code: code.to_owned(), why: shortened(&why), origin: origin(context) };
    session(context).borrow_mut().allowed.push(allowed);
    Ok(())
}
