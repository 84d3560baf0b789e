//! Lists of addresses of which none is of the family at hand; scripts find them while they run.

use super::{Lint, Looks};

pub(super) const LINT: Lint = Lint {
    code: "emptied-list",
    about: "a list of addresses has none of this family, and its rule is not written",
    explanation: include_str!("emptied_list.md"),
    looks: Looks::Elsewhere,
    of_forwarded: false,
};
