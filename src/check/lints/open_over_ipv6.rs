//! Published ports that a script closes over IPv4 alone; scripts find them while they run.

use super::{Lint, Looks};

pub(super) const LINT: Lint = Lint {
    code: "open-over-ipv6",
    about: "a published port is closed over IPv4, and docker-proxy may serve it over IPv6",
    explanation: include_str!("open_over_ipv6.md"),
    looks: Looks::Elsewhere,
    of_forwarded: false,
};
