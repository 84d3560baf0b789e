//! What hardly any host does without, and OUTPUT has no way out for.

use super::condition::state;
use super::probe::Probe;
use super::view::{Fate, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::model::value::protocols::{TCP, UDP};
use crate::model::{Family, Hook};

pub(super) const LINT: Lint = Lint {
    code: "output-blocked",
    about: "OUTPUT drops, and DNS, HTTPS, time sync or ping have no way out",
    explanation: include_str!("output_blocked.md"),
    looks: Looks::AtOne(run),
    of_forwarded: false,
};

/// Protocol, port, and what it is.
const SERVICES: [(u8, u16, &str); 4] = [
    (UDP, 53, "DNS (udp 53)"),
    (TCP, 53, "DNS over TCP (tcp 53)"),
    (TCP, 443, "HTTPS (tcp 443)"),
    (UDP, 123, "time sync (udp 123)"),
];

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    let Some(closed) = view.closed(Hook::Output) else { return };
    let family = view.family();
    let is_dropped = |probe: &Probe| view.fate(Hook::Output, probe) == Fate::Dropped;
    let services = SERVICES
        .iter()
        .map(|(protocol, port, name)| (Probe::outgoing(family).to_port(*protocol, *port), *name));
    let echo = if family == Family::Ipv4 { 8 } else { 128 };
    let echo = (Probe::outgoing(family).icmp(echo, 0).in_state(state::NEW), "ping");
    let missing: Vec<&str> =
        services.chain([echo]).filter(|(probe, _)| is_dropped(probe)).map(|(_, name)| name).collect();
    if missing.is_empty() {
        return;
    }
    found.closed(closed, move || {
        Words::new(format!("OUTPUT drops, and nothing lets out {}", listed(&missing))).help(
            "accept what this host needs, such as `-p udp --dport 53 -j ACCEPT`; what it does without is said by \
             `allow(\"output-blocked\", \"…\")` in the script, or by `--allow output-blocked`",
        )
    });
}

/// `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
