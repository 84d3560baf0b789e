//! From what a script spells to rules that can be added: spelled as text, read as a specification, printed in canonical
//! form.

use std::rc::Rc;

use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::fault::{Fault, Native, raise};
use super::session::{SharedSession, origin, session};
use super::spelling::{self, Spelled, SpellingError};
use crate::diagnostic::Diagnostic;
use crate::model::spec::{Single, Spec, SpecError};
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
    let owner = shared.borrow().owner_name.clone();
    let bodies = match owner.as_deref() {
        None => expanded(context, family, &spelled, |rule| Ok(rule.canonical()))?,
        Some(owner) => expanded(context, family, &spelled, |rule| tagged(context, rule, owner))?,
    };
    warn_of_emptied(context, shared, &spelled, family);
    let mut notes = std::mem::take(&mut shared.borrow_mut().notes);
    Ok(bodies.into_iter().map(|body| NewRule { body, notes: std::mem::take(&mut notes) }).collect())
}

/// A rule in canonical form with the script's tag.
fn tagged(context: &NativeCallContext, rule: &Single<'_>, owner: &str) -> Native<String> {
    let tagged = owner::tag(rule, owner);
    if tagged.comment <= owner::COMMENT_LIMIT {
        return Ok(tagged.text);
    }
    let tag = owner::join(owner, "").len() + 1;
    let message = format!(
        "the comment is too long: with the owner's tag it has {} bytes, of which iptables keeps {}",
        tagged.comment,
        owner::COMMENT_LIMIT
    );
    let help = format!("shorten it to {} bytes", owner::COMMENT_LIMIT - tag);
    Err(raise(context, Fault::new("long-comment", message).help(help)))
}

/// The rules that `rule` spells, in canonical form.
pub(super) fn canonical_rules(
    context: &NativeCallContext,
    family: Family,
    rule: &Dynamic,
) -> Native<Vec<String>> {
    let spelled = spelling::spell(rule, family).map_err(|error| raise_spelling(context, &error))?;
    expanded(context, family, &spelled, |rule| Ok(rule.canonical()))
}

/// The rules that are spelled, each as `print` prints it.
fn expanded(
    context: &NativeCallContext,
    family: Family,
    spelled: &Spelled,
    print: impl Fn(&Single<'_>) -> Native<String>,
) -> Native<Vec<String>> {
    let watch = Rc::clone(&session(context).borrow().watch);
    let mut bodies = Vec::with_capacity(spelled.texts.len());
    for text in &spelled.texts {
        watch.step(context)?;
        let spec = Spec::parse(text, family).map_err(|error| raise(context, refused(text, &error)))?;
        if let Some(note) = spec.notes().iter().find(|note| note.kind.is_loss()) {
            let fault = Fault::new(note.kind.code(), note.kind.to_string());
            return Err(raise(context, fault.note(format!("the rule is `{text}`"))));
        }
        for rule in spec.expand() {
            bodies.push(print(&rule)?);
        }
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
