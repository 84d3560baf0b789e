//! Containers that a neighbour reaches by their own addresses, up to engine 27.

use super::forwarded;
use super::probe::{Link, Probe};
use super::view::{Fate, View};
use super::{About, At, Findings, Lint, Looks};
use crate::check::report::Words;
use crate::docker::{Layout, Published};
use crate::model::value::address;
use crate::model::{Hook, TableName};

pub(super) const LINT: Lint = Lint {
    code: "direct-routing",
    about: "engines up to 27: a neighbour reaches published ports by the containers' own addresses, those bound to 127.0.0.1 too",
    explanation: include_str!("direct_routing.md"),
    looks: Looks::AtOne(run),
    of_forwarded: true,
};

/// The most published ports that are tried.
const MOST: usize = 64;

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    if view.layout() != Some(Layout::V19) {
        return;
    }
    let published = view.published();
    let is_local = |port: &&Published| port.is_local();
    // What is bound to localhost is the worst of it.
    let local = published.iter().filter(is_local);
    let mut ports = local.chain(published.iter().filter(|port| !is_local(port))).take(MOST);
    let Some(port) = ports.find(|port| is_open(view, port)) else { return };
    let at = format!("{}:{}", port.container_ip, port.container_port);
    let what = match port.host_ip.as_deref().filter(|_| is_local(&port)) {
        Some(host) => format!("{host}:{} alone", port.host_port),
        None => format!("port {}", port.host_port),
    };
    let bridge = port.bridge.clone().unwrap_or_default();
    let subnets = forwarded::subnets(view);
    let subnets = subnets.iter().find(|(name, _)| *name == bridge);
    let subnet = subnets.and_then(|(_, subnets)| subnets.first().map(ToString::to_string));
    let subnet = subnet.unwrap_or_else(|| port.container_ip.clone());
    found.push(About::Name("direct-routing".to_owned()), At::Nowhere, move || {
        Words::new(format!("a neighbour with a route to `{bridge}` reaches {at}, which is published as {what}"))
            .note("this is how engines up to 27 are; 28 drops such packets in table raw")
            .help(format!("drop what comes for containers past their bridge, for each network: `-t raw -A PREROUTING -d {subnet} ! -i {bridge} -j DROP`"))
    });
}

/// Whether FORWARD accepts the first packet that comes for a container by its own address, and nothing before takes it.
fn is_open(view: &View<'_>, port: &Published) -> bool {
    let (Some(bridge), Ok(container)) =
        (port.bridge.as_ref(), address::parse(&port.container_ip, view.family()))
    else {
        return false;
    };
    let stranger = forwarded::stranger(view.family());
    let aim = |probe: Probe| {
        probe.between(stranger, container).to_port(forwarded::protocol(&port.protocol), port.container_port)
    };
    let passes = |table| {
        let chain = view.builtin(table, Hook::Prerouting);
        chain.is_none_or(|chain| !view.ends(chain, &aim(Probe::incoming(view.family()))).drop)
    };
    let forwarded = aim(Probe::new(view.family(), Link::Outside, Link::Named(bridge.clone())));
    passes(TableName::Raw)
        && passes(TableName::Mangle)
        && view.fate(Hook::Forward, &forwarded) == Fate::Accepted
}
