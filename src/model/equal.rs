//! When two rules are the same: when their canonical forms are.

use std::borrow::Cow;

use super::Family;
use crate::syntax;

/// The specification as iptables-save would print it; where it is not understood, its words as they are.
#[must_use]
pub fn canonical(body: &str, _family: Family) -> Cow<'_, str> {
    let mut out = String::with_capacity(body.len());
    for word in syntax::words(body).map_while(Result::ok) {
        if !out.is_empty() {
            out.push(' ');
        }
        syntax::push_word(&mut out, &word.text);
    }
    Cow::Owned(out)
}

/// Whether two specifications are the same rule.
#[must_use]
pub fn same(one: &str, other: &str, family: Family) -> bool {
    one == other || canonical(one, family) == canonical(other, family)
}
