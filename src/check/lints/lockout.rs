//! Administrators who would be locked out; the packets that are asked about come from outside of the ruleset.

use super::{Lint, Looks};

/// Its code.
pub(in crate::check) const CODE: &str = "lockout";

pub(super) const LINT: Lint = Lint {
    code: CODE,
    about: "the SSH connection, or a packet that a script declares by `admin`, would not get through any more",
    explanation: include_str!("lockout.md"),
    looks: Looks::Elsewhere,
    of_forwarded: false,
};
