//! Errors that belong to a connection and are dropped.

use super::condition::state;
use super::probe::Probe;
use super::stateless_input::answer;
use super::view::{Fate, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::model::{Family, Hook};

pub(super) const LINT: Lint = Lint {
    code: "no-related",
    about: "INPUT or OUTPUT accepts ESTABLISHED without RELATED: a path-MTU black hole",
    explanation: include_str!("no_related.md"),
    looks: Looks::AtOne(run),
    of_forwarded: false,
};

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    // Unreachable, for IPv4 because a fragment is needed.
    let (kind, code) = if view.family() == Family::Ipv4 { (3, 4) } else { (1, 4) };
    for hook in [Hook::Input, Hook::Output] {
        let Some(closed) = view.closed(hook) else { continue };
        let error = match hook {
            Hook::Output => Probe::outgoing(view.family()),
            _ => Probe::incoming(view.family()),
        };
        let error = error.icmp(kind, code).in_state(state::RELATED);
        let answers = view.fate(hook, &answer(view, hook));
        if answers != Fate::Dropped && view.fate(hook, &error) == Fate::Dropped {
            let name = hook.as_str();
            found.closed(closed, move || {
                Words::new(format!(
                    "{name} lets answers through and drops the ICMP errors that belong to them"
                ))
                .help("accept both: `-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`")
            });
        }
    }
}
