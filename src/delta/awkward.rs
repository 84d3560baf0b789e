//! Rules that a specification does not find again.
//!
//! `-D` compares what the kernel holds, and iptables-save does not print all of it. Such a rule is deleted by its number,
//! which is exact as long as nothing else changes the chain; where a specification will do, it is the safer way.

use crate::model::Family;
use crate::model::spec::Spec;

/// Matches and targets that are saved alike whether or not their defaults were given: a rule that was added as
/// `-m recent --set` is saved with its `--mask`, and not found with it.
const ALWAYS: [&str; 4] = ["HMARK", "connlimit", "rateest", "recent"];

/// Matches and targets with spellings that leave something behind which is not saved: `--ctorigsrc 10.0.0.0/32` is saved
/// without its mask, and not found without it.
const SPELLED: [&str; 9] = ["CONNMARK", "CT", "conntrack", "frag", "hashlimit", "icmp", "policy", "rt", "time"];

/// Whether the rule must be deleted by its number, `canonical` being its canonical text.
pub(super) fn is_awkward(words: &str, canonical: &str, family: Family) -> bool {
    let names: &[&[&str]] = if words == canonical { &[&ALWAYS] } else { &[&ALWAYS, &SPELLED] };
    let names = names.iter().copied().flatten();
    // Few rules hold one of these words, and only those are worth a closer look.
    names.clone().any(|name| words.contains(name))
        && Spec::parse(words, family).is_ok_and(|spec| {
            let mut parts = spec.matches().chain(spec.target());
            parts.any(|part| names.clone().any(|name| *name == part.name()))
        })
}
