//! When two rules are the same.

use super::Family;
use crate::syntax;

/// Whether two specifications are the same rule.
#[must_use]
pub fn same(one: &str, other: &str, _family: Family) -> bool {
    let texts = |body| -> Vec<String> {
        syntax::words(body).map_while(Result::ok).map(|word| word.text.into_owned()).collect()
    };
    one == other || texts(one) == texts(other)
}
