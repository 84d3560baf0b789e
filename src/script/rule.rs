//! From what a script spells to rules that can be added: spelled as text, read as a specification, printed in canonical
//! form.

use std::rc::Rc;

use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::fault::{Fault, Native, raise};
use super::session::{Session, SharedSession, origin, session};
use super::spelling::{self, Spelled, SpellingError};
use crate::diagnostic::Diagnostic;
use crate::model::spec::{Spec, SpecError};
use crate::model::{Family, NewRule, owner, targets};
use crate::syntax;

/// Options that say which chain a rule goes to, which a script says otherwise.
const COMMANDS: [&str; 8] = ["-A", "--append", "-I", "--insert", "-D", "--delete", "-R", "--replace"];

/// The rules that `rule` spells, with the notes that were made for the first of them. A list of addresses that has none
/// of the family yields no rule, and a warning.
pub(super) fn new_rules(
    context: &NativeCallContext,
    shared: &SharedSession,
    rule: &Dynamic,
) -> Native<Vec<NewRule>> {
    let family = shared.borrow().ruleset.family();
    let spelled = spelling::spell(rule, family).map_err(|error| raise_spelling(context, &error))?;
    let mut bodies = canonical(context, family, &spelled)?;
    tag(context, &shared.borrow(), &mut bodies)?;
    warn_of_emptied(context, shared, &spelled, family);
    let mut notes = std::mem::take(&mut shared.borrow_mut().notes);
    Ok(bodies.into_iter().map(|body| NewRule { body, notes: std::mem::take(&mut notes) }).collect())
}

/// Puts the script's tag on rules.
fn tag(context: &NativeCallContext, session: &Session, bodies: &mut [String]) -> Native<()> {
    let Some(owner) = session.owner_name.as_deref() else { return Ok(()) };
    for body in bodies {
        let tagged = owner::tagged(body, session.ruleset.family(), owner);
        if tagged.comment > owner::COMMENT_LIMIT {
            let tag = owner::PREFIX.len() + owner.len() + 1;
            let fault = Fault::new(
                "long-comment",
                format!(
                    "the comment is too long: with the owner's tag it has {} bytes, of which iptables keeps {}",
                    tagged.comment,
                    owner::COMMENT_LIMIT
                ),
            );
            return Err(raise(
                context,
                fault.help(format!("shorten it to {} bytes", owner::COMMENT_LIMIT - tag)),
            ));
        }
        *body = tagged.text;
    }
    Ok(())
}

/// The rules that `rule` spells, in canonical form.
pub(super) fn canonical_rules(
    context: &NativeCallContext,
    family: Family,
    rule: &Dynamic,
) -> Native<Vec<String>> {
    let spelled = spelling::spell(rule, family).map_err(|error| raise_spelling(context, &error))?;
    canonical(context, family, &spelled)
}

fn canonical(context: &NativeCallContext, family: Family, spelled: &Spelled) -> Native<Vec<String>> {
    let watch = Rc::clone(&session(context).borrow().watch);
    let mut bodies = Vec::with_capacity(spelled.texts.len());
    for text in &spelled.texts {
        watch.step(context)?;
        let spec = Spec::parse(text, family).map_err(|error| raise(context, refused(text, &error)))?;
        if let Some(note) = spec.notes().iter().find(|note| note.kind.is_loss()) {
            let fault = Fault::new(note.kind.code(), note.kind.to_string());
            return Err(raise(context, fault.note(format!("the rule is `{text}`"))));
        }
        bodies.extend(spec.expand().map(|rule| rule.canonical()));
    }
    Ok(bodies)
}

fn refused(text: &str, error: &SpecError) -> Fault {
    let command =
        syntax::words(text).map_while(Result::ok).find(|word| COMMANDS.contains(&word.text.as_ref()));
    if let Some(word) = command.filter(|word| word.span == error.span) {
        let fault = Fault::new("command-in-rule", format!("`{}` has no place in a rule", word.text));
        return fault.help("leave it and its chain out: the chain is an argument of its own");
    }
    let fault = Fault::new(error.code(), error.kind.to_string()).note(format!("the rule is `{text}`"));
    match text.get(error.span.range()).filter(|part| !part.is_empty() && *part != text) {
        Some(part) => fault.note(format!("the fault is at `{part}`")),
        None => fault,
    }
}

fn warn_of_emptied(context: &NativeCallContext, shared: &SharedSession, spelled: &Spelled, family: Family) {
    let name = if family == Family::Ipv4 { "IPv4" } else { "IPv6" };
    for list in &spelled.emptied {
        let place = origin(context);
        let span = place.script.expression_span(place.line, place.column);
        let message = format!("no rule is written: the addresses of `{list}` have none of {name}");
        let warning = Diagnostic::warning("emptied-list", message)
            .at(&place.script, span, "")
            .help(format!("add an {name} address, or skip the rule where `family` is not the list's"));
        shared.borrow_mut().warnings.push(warning);
    }
}

/// The error of a spelling.
pub(super) fn raise_spelling(context: &NativeCallContext, error: &SpellingError) -> Box<EvalAltResult> {
    raise(context, Fault::new(error.code(), error.to_string()).help(error.help()))
}

/// Whether `name` is the name of a target, in either family.
pub(super) fn is_target(name: &str) -> bool {
    [Family::Ipv4, Family::Ipv6].into_iter().any(|family| targets::find(name, family).is_some())
}
