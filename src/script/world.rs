//! What the functions about parameters and the world do.

use std::net::IpAddr;

use rhai::{Array, Dynamic, EvalAltResult, NativeCallContext};

use super::fault::{Fault, Native, raise, shortened};
use super::session::{Allowed, IpSet, origin, session};
use crate::diagnostic::Diagnostic;
use crate::model::Family;

/// The longest name of an ipset, in bytes (`IPSET_MAXNAMELEN` less the terminator, `linux/netfilter/ipset/ip_set.h`).
const SET_NAME_LIMIT: usize = 31;

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

/// Declares an ipset.
pub(super) fn ipset(context: &NativeCallContext, name: &str, entries: &Array) -> Native<()> {
    let refused = |message: String, help: &str| raise(context, Fault::new("bad-set", message).help(help));
    let fits =
        |character: char| character.is_ascii_graphic() && !matches!(character, '"' | '\'' | '\\' | ',');
    if name.is_empty()
        || name.len() > SET_NAME_LIMIT
        || !name.chars().all(fits)
        || name.starts_with(['-', '!'])
    {
        return Err(refused(
            format!("`{name}` cannot be an ipset's name"),
            "use up to 31 letters, digits, `-` and `_`",
        ));
    }
    let family = session(context).borrow().ruleset.family();
    let mut texts = Vec::with_capacity(entries.len());
    for entry in entries {
        let text = entry.clone().into_string().unwrap_or_default();
        if !is_address(text.trim(), family) {
            let message = format!(
                "`{}` is no {} address",
                shortened(entry),
                if family == Family::Ipv4 { "IPv4" } else { "IPv6" }
            );
            return Err(refused(
                message,
                "entries are addresses of the family at hand, with or without a prefix",
            ));
        }
        texts.push(text.trim().to_owned());
    }
    let set = IpSet { name: name.to_owned(), entries: texts, origin: origin(context) };
    let shared = session(context);
    let mut session = shared.borrow_mut();
    match session.sets.iter_mut().find(|known| known.name == name) {
        Some(known) => *known = set,
        None => session.sets.push(set),
    }
    Ok(())
}

fn is_address(text: &str, family: Family) -> bool {
    let (address, prefix) =
        text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let (right, longest) = match (address.parse::<IpAddr>(), family) {
        (Ok(IpAddr::V4(_)), Family::Ipv4) => (true, 32),
        (Ok(IpAddr::V6(_)), Family::Ipv6) => (true, 128),
        _ => (false, 0),
    };
    right && prefix.is_none_or(|prefix| prefix.parse::<u8>().is_ok_and(|prefix| prefix <= longest))
}
