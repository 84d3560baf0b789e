//! When two rules are the same: when their canonical forms are.

use std::borrow::Cow;

use super::Family;
use super::spec::Spec;
use crate::syntax;

/// The specification as iptables-save would print it; where it is not understood, its words as they are.
#[must_use]
pub fn canonical(body: &str, family: Family) -> Cow<'_, str> {
    match Spec::parse(body, family) {
        Ok(spec) => Cow::Owned(spec.canonical()),
        Err(_) => Cow::Owned(words(body)),
    }
}

/// Whether two specifications are the same rule.
#[must_use]
pub fn same(one: &str, other: &str, family: Family) -> bool {
    one == other || canonical(one, family) == canonical(other, family)
}

/// The words of a specification that cannot be read, one blank between them.
fn words(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    for word in syntax::words(body).map_while(Result::ok) {
        if !out.is_empty() {
            out.push(' ');
        }
        syntax::push_word(&mut out, &word.text);
    }
    out
}
