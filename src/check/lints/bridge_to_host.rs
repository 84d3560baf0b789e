//! Containers that reach a published port through the host's address, and are dropped in INPUT.

use std::collections::BTreeSet;

use super::forwarded;
use super::probe::{Link, Probe};
use super::view::{Depth, Fate, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::diagnostic::list;
use crate::docker::Published;
use crate::model::Hook;

pub(super) const LINT: Lint = Lint {
    code: "bridge-to-host",
    about: "INPUT drops, and containers cannot reach published ports through the host's address",
    explanation: include_str!("bridge_to_host.md"),
    looks: Looks::AtOne(run),
    of_forwarded: false,
};

/// The most ports that each bridge is tried with, in a run of scripts and in `dwscript lint`: what lets some of them
/// through from a bridge hardly names each.
const FEW_PORTS: usize = 4;
const MOST_PORTS: usize = 64;
/// The most bridges that are named.
const MOST: usize = 4;

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    let Some(closed) = view.closed(Hook::Input) else { return };
    let (bridges, published) = (view.bridges(), view.published());
    let ports: BTreeSet<(u8, u16)> = published.iter().filter(|port| is_proxied(port)).map(service).collect();
    let most = if view.depth() == Depth::Brief { FEW_PORTS } else { MOST_PORTS };
    let step = (ports.len() / most).max(1);
    let served: Vec<(u8, u16)> = ports.into_iter().step_by(step).take(most).collect();
    let is_dropped = |bridge: &&String| {
        served.iter().any(|(protocol, port)| {
            let probe = Probe::new(view.family(), Link::Named((*bridge).clone()), Link::None);
            view.fate(Hook::Input, &probe.to_port(*protocol, *port)) == Fate::Dropped
        })
    };
    let shut: Vec<String> = bridges.iter().filter(is_dropped).cloned().collect();
    if shut.is_empty() {
        return;
    }
    found.closed(closed, move || {
        let names = list(shut.iter().map(String::as_str), MOST);
        Words::new(format!("INPUT drops containers on {names} that dial a published port of this host"))
            .note("from a container's own bridge such packets are not translated: docker-proxy takes them, through INPUT")
            .help("accept the published ports from each of `docker.bridges`, as `scripts/harden.rhai` does")
    });
}

/// Whether docker-proxy serves the port for containers: its rule leaves out the container's own bridge.
fn is_proxied(port: &Published) -> bool {
    port.bridge.is_some() && !port.is_local()
}

fn service(port: &Published) -> (u8, u16) {
    (forwarded::protocol(&port.protocol), port.host_port)
}
