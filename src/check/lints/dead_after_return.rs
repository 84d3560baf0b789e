//! Rules behind a RETURN for every packet, such as the one that engines up to 27 keep at the end of DOCKER-USER.

use super::{Lint, Looks, shadowed};

pub(super) const LINT: Lint = Lint {
    code: "dead-after-return",
    about: "a rule behind an unconditional RETURN, such as the last one of DOCKER-USER",
    explanation: include_str!("dead_after_return.md"),
    looks: Looks::AtOne(|view, found| shadowed::run(view, true, found)),
    of_forwarded: false,
};
