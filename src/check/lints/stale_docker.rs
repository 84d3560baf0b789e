//! Rules of Docker's for networks and containers that are no more, as a ruleset leaves them that was saved and restored.

use std::collections::BTreeMap;
use std::net::IpAddr;

use rustc_hash::FxHashSet;

use super::condition::Test;
use super::forwarded;
use super::known::Known;
use super::view::{Rule, Then, View};
use super::{About, At, Findings, Lint, Looks};
use crate::check::report::Words;
use crate::docker;
use crate::model::value::address::Address;
use crate::model::{Family, RuleId, TableName};

pub(super) const LINT: Lint = Lint {
    code: "stale-docker",
    about: "rules of Docker's for a bridge or address that no network has",
    explanation: include_str!("stale_docker.md"),
    looks: Looks::AtHost(run),
    of_forwarded: true,
};

/// The bridge of the default network, which rules may name before it is there.
const DEFAULT: &str = "docker0";

/// The tables that Docker writes into.
const TABLES: [TableName; 3] = [TableName::Raw, TableName::Nat, TableName::Filter];

fn run<'v>(view: &'v View<'_>, known: &Known, found: &mut Findings<'v>) {
    if view.layout().is_none() || !view.is_whole() {
        return;
    }
    let there = There::new(view.family(), known);
    let mut stale: BTreeMap<String, Vec<RuleId>> = BTreeMap::new();
    for table in TABLES {
        for chain in view.chains(table) {
            let Some(rules) = view.typed(chain) else { continue };
            for rule in rules.iter() {
                let lacking = there.as_ref().and_then(|there| there.lacks(view, rule));
                let lacking = lacking.filter(|_| forwarded::is_docker(view, chain, rule.id));
                if let Some(name) = lacking.or_else(|| left_behind(view, table, rule)) {
                    stale.entry(name).or_default().push(rule.id);
                }
            }
        }
    }
    for (name, rules) in stale {
        let (Some(first), count) = (rules.first().copied(), rules.len()) else { continue };
        found.push(About::Name(name.clone()), At::Rule(first, None), move || words(&name, count));
    }
}

/// The bridge of a MASQUERADE that is like Docker's, where no other rule of Docker's is for that bridge: the rules alone tell.
fn left_behind(view: &View<'_>, table: TableName, rule: &Rule) -> Option<String> {
    let bridge =
        forwarded::masqueraded(rule).filter(|_| table == TableName::Nat && rule.then == Then::Accept)?;
    let is_one = docker::is_generated(bridge) && !bridge.ends_with('+');
    (is_one && !view.bridges().contains(bridge)).then(|| bridge.to_owned())
}

fn words(name: &str, count: usize) -> Words {
    let rules = if count == 1 { "a rule of Docker's is" } else { "rules of Docker's are" };
    let many = if count == 1 { String::new() } else { format!("{count} ") };
    let of = if name.starts_with(|first: char| first.is_ascii_digit()) || name.contains(':') {
        "container"
    } else {
        "network"
    };
    Words::new(format!("{many}{rules} for `{name}`, which no {of} has"))
        .note("Docker does not take them away: they come from a ruleset that was saved and restored")
        .help(
            "save and restore your own rules alone: `dwscript persist`; Docker writes its own when it starts",
        )
}

/// What there is on the host.
struct There<'k> {
    bridges: FxHashSet<&'k str>,
    addresses: Option<FxHashSet<IpAddr>>,
}

impl<'k> There<'k> {
    fn new(family: Family, known: &'k Known) -> Option<Self> {
        if let Some(docker) = known.docker() {
            let own = |address: &IpAddr| address.is_ipv4() == (family == Family::Ipv4);
            let containers = docker.containers.iter().flat_map(|container| &container.networks);
            let addresses = containers.flat_map(|place| &place.addresses).copied().filter(own).collect();
            let bridges = docker
                .bridged()
                .map(|(_, bridge)| bridge)
                .chain(known.interfaces().into_iter().flatten().map(String::as_str));
            return Some(Self { bridges: bridges.collect(), addresses: Some(addresses) });
        }
        let interfaces = known.interfaces().filter(|interfaces| !interfaces.is_empty())?;
        Some(Self { bridges: interfaces.iter().map(String::as_str).collect(), addresses: None })
    }

    /// The bridge or container's address of a rule that is not there.
    fn lacks(&self, view: &View<'_>, rule: &Rule) -> Option<String> {
        rule.conditions.iter().find_map(|one| match &one.test {
            Test::In(name) | Test::Out(name) => {
                let is_gone =
                    name != DEFAULT && view.bridges().contains(name) && !self.bridges.contains(name.as_str());
                is_gone.then(|| name.clone())
            }
            Test::Source(addresses) | Test::Destination(addresses) if !one.negated => {
                let [address] = addresses.as_slice() else { return None };
                let own = host(*address).filter(|own| !own.is_loopback() && is_of_container(view, *own))?;
                let addresses = self.addresses.as_ref()?;
                (!addresses.contains(&own)).then(|| own.to_string())
            }
            _ => None,
        })
    }
}

/// The address, if it is one host's.
fn host(address: Address) -> Option<IpAddr> {
    match address {
        Address::V4 { address, mask: u32::MAX } => Some(IpAddr::V4(address.into())),
        Address::V6 { address, mask: u128::MAX } => Some(IpAddr::V6(address.into())),
        _ => None,
    }
}

/// Whether the address is a container's, and not one of the host that a port is bound to.
fn is_of_container(view: &View<'_>, own: IpAddr) -> bool {
    let text = own.to_string();
    !view.published().iter().any(|port| port.host_ip.as_deref() == Some(text.as_str()))
}
