//! Rules that a specification does not find again.
//!
//! `-D` compares what the kernel holds, and iptables-save does not print all of it. Such a rule is deleted by its number,
//! which is exact as long as nothing else changes the chain; where a specification will do, it is the safer way.

use crate::model::Family;
use crate::model::spec::{Part, Spec};

/// Matches and targets that are saved alike whether or not their defaults were given: a rule that was added as
/// `-m recent --set` is saved with its `--mask`, and not found with it.
const ALWAYS: [&str; 4] = ["HMARK", "connlimit", "rateest", "recent"];

/// Options with spellings that leave something behind which is not saved: `--ctorigsrc 10.0.0.0/32` is saved without its
/// mask, and not found without it.
const SPELLED: [(&str, &[&str]); 8] = [
    ("CONNMARK", &["nfmask", "ctmask", "mask", "left-shift-mark", "right-shift-mark"]),
    ("CT", &["zone-orig", "zone-reply"]),
    ("conntrack", &["ctorigsrc", "ctorigdst", "ctreplsrc", "ctrepldst"]),
    ("frag", &["fragid"]),
    ("hashlimit", &["hashlimit-rate-interval"]),
    ("policy", &["spi"]),
    ("rt", &["rt-segsleft"]),
    ("time", &["monthdays", "weekdays"]),
];

/// Whether the rule must be deleted by its number, `canonical` being its canonical text.
pub(super) fn is_awkward(words: &str, canonical: &str, family: Family) -> bool {
    let is_spelled = words != canonical;
    // Few rules hold one of these words, and only those are worth a closer look.
    let may_be = ALWAYS.iter().any(|name| words.contains(name))
        || is_spelled && SPELLED.iter().any(|(name, _)| words.contains(name));
    may_be
        && Spec::parse(words, family).is_ok_and(|spec| {
            let mut parts = spec.matches().chain(spec.target());
            parts.any(|part| is_awkward_part(&part, is_spelled))
        })
}

fn is_awkward_part(part: &Part<'_>, is_spelled: bool) -> bool {
    let name = part.name();
    let mut spelled = SPELLED.iter().filter(|(module, _)| is_spelled && *module == name);
    ALWAYS.contains(&name.as_ref())
        || spelled.any(|(_, options)| options.iter().any(|option| part.option(option).is_some()))
}
