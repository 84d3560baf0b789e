//! From what a script spells to rules that can be added: spelled as text, read as a specification, printed in canonical
//! form.

use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::error::{Fault, Native, raise};
use super::session::SharedSession;
use super::spelling::{self, SpellingError};
use crate::model::{Family, NewRule, equal};

pub(super) fn new_rules(
    context: &NativeCallContext,
    shared: &SharedSession,
    rule: &Dynamic,
) -> Native<Vec<NewRule>> {
    let family = shared.borrow().ruleset.family();
    let mut notes = std::mem::take(&mut shared.borrow_mut().notes);
    Ok(canonical_rules(context, family, rule)?
        .into_iter()
        .map(|body| NewRule { body, notes: std::mem::take(&mut notes) })
        .collect())
}
pub(super) fn canonical_rules(
    context: &NativeCallContext,
    family: Family,
    rule: &Dynamic,
) -> Native<Vec<String>> {
    let spelled = spelling::spell(rule, family).map_err(|error| raise_spelling(context, &error))?;
    Ok(spelled.texts.iter().map(|t| equal::canonical(t, family).into_owned()).collect())
}
pub(super) fn raise_spelling(context: &NativeCallContext, error: &SpellingError) -> Box<EvalAltResult> {
    raise(context, Fault::new(error.code(), error.to_string()).help(error.help()))
}
pub(super) fn is_target(name: &str) -> bool {
    matches!(name, "ACCEPT" | "LOG")
}
