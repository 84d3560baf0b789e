//! Rules that a specification does not find again.

use crate::model::Family;
use crate::model::spec::Spec;

/// Matches and targets that iptables-save prints alike whether or not their defaults were given, while `-D` tells these
/// rules apart: a rule that was added as `-m recent --set` is saved with its `--mask`, and not found with it. Such a rule
/// is deleted by its number.
const AWKWARD: [&str; 4] = ["HMARK", "connlimit", "rateest", "recent"];

/// Whether the rule must be deleted by its number.
pub(super) fn is_awkward(words: &str, family: Family) -> bool {
    // Few rules hold one of these words, and only those are worth a closer look.
    AWKWARD.iter().any(|name| words.contains(name))
        && Spec::parse(words, family).is_ok_and(|spec| {
            let target = spec.target();
            spec.matches().chain(target).any(|part| AWKWARD.contains(&part.name().as_ref()))
        })
}
