//! The host's own way to its containers, which OUTPUT drops.

use super::probe::{Link, Probe};
use super::view::{Fate, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::diagnostic::list;
use crate::model::Hook;
use crate::model::value::protocols::TCP;

pub(super) const LINT: Lint = Lint {
    code: "host-to-container",
    about: "OUTPUT drops, and the host does not reach its containers: docker-proxy cannot serve localhost and IPv6",
    explanation: include_str!("host_to_container.md"),
    looks: Looks::AtOne(run),
    of_forwarded: false,
};

/// A port that a container may serve and that rules for the outside seldom name.
const DATABASE: u16 = 5432;
/// The most bridges that are named.
const MOST: usize = 4;

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    let Some(closed) = view.closed(Hook::Output) else { return };
    let bridges = view.bridges();
    let is_dropped = |bridge: &&String| {
        let probe = Probe::new(view.family(), Link::None, Link::Named((*bridge).clone()));
        view.fate(Hook::Output, &probe.to_port(TCP, DATABASE)) == Fate::Dropped
    };
    let shut: Vec<String> = bridges.iter().filter(is_dropped).cloned().collect();
    if shut.is_empty() {
        return;
    }
    found.closed(closed, move || {
        let names = list(shut.iter().map(String::as_str), MOST);
        Words::new(format!("OUTPUT drops what this host sends to its containers on {names}"))
            .note("localhost and IPv6 reach published ports through docker-proxy, a process of this host")
            .help("accept `-o` each of `docker.bridges`, as `scripts/harden.rhai` does: `-A OUTPUT -o docker0 -j ACCEPT`")
    });
}
