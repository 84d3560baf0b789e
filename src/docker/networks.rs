//! Docker's bridge networks, as its rules tell them.

use std::collections::BTreeMap;

use super::bridges::bridges;
use crate::model::sequence::Sequence;
use crate::model::spec::{Negated, Parser, Spec};
use crate::model::value::address::Address;
use crate::model::{Family, Ruleset, TableName};

/// A network that has a bridge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    /// Its name, which no rule has: from Docker itself.
    pub name: Option<String>,
    /// Its bridge.
    pub bridge: String,
    /// Its subnets of the ruleset's family; none where Docker does not masquerade for it.
    pub subnets: Vec<String>,
    /// Whether it has no way out.
    pub internal: bool,
    /// Whether its containers reach each other.
    pub icc: bool,
}

/// The networks whose bridges Docker's rules name, in the order of the bridges' names.
#[must_use]
pub fn networks(ruleset: &Ruleset) -> Vec<Network> {
    let named = bridges(ruleset).into_iter().map(|bridge| {
        let network =
            Network { name: None, bridge: bridge.clone(), subnets: Vec::new(), internal: false, icc: true };
        (bridge, network)
    });
    let mut found: BTreeMap<String, Network> = named.collect();
    if found.is_empty() {
        return Vec::new();
    }
    let places: [(TableName, &[&str], Learn); 3] = [
        (TableName::Nat, &["POSTROUTING"], learn_masquerade),
        (TableName::Filter, &["DOCKER-ISOLATION-STAGE-1", "DOCKER-INTERNAL"], learn_internal),
        (TableName::Filter, &["FORWARD", "DOCKER-FORWARD"], learn_traffic),
    ];
    for (table, chains, learn) in places {
        for chain in chains.iter().filter_map(|name| ruleset.chain_id(table, name)) {
            each(ruleset, ruleset.chain(chain).rules(), |spec, target| learn(spec, target, &mut found));
        }
    }
    found.into_values().collect()
}

/// What a rule adds to what is known.
type Learn = fn(&Spec<'_>, &str, &mut BTreeMap<String, Network>);

/// Calls `look` with each rule that can be read and has no comment, and its target. Docker writes none: a rule that has one,
/// such as an owner's tag, is somebody else's.
pub(super) fn each(ruleset: &Ruleset, rules: &Sequence, mut look: impl FnMut(&Spec<'_>, &str)) {
    let mut parser = Parser::new();
    for rule in rules.iter() {
        let Ok(spec) = parser.parse(ruleset.body(rule), ruleset.family()) else { continue };
        if spec.comments().next().is_none() {
            look(&spec, ruleset.symbols().name(ruleset.target(rule)));
        }
        parser.recycle(spec);
    }
}

/// `-s SUBNET ! -o BRIDGE -j MASQUERADE`, or SNAT to an address of the host.
fn learn_masquerade(spec: &Spec<'_>, target: &str, found: &mut BTreeMap<String, Network>) {
    if !matches!(target, "MASQUERADE" | "SNAT") || spec.destination().is_some() {
        return;
    }
    let out = spec.out_interface().filter(|out| out.negated);
    let network = out.and_then(|out| found.get_mut(out.value.as_ref()));
    if let Some((network, source)) = network.zip(spec.source().filter(|source| !source.negated)) {
        add(&mut network.subnets, source);
    }
}

/// `! -s SUBNET -o BRIDGE -j DROP`.
fn learn_internal(spec: &Spec<'_>, target: &str, found: &mut BTreeMap<String, Network>) {
    let out = spec.out_interface().filter(|out| !out.negated && target == "DROP");
    let network = out.and_then(|out| found.get_mut(out.value.as_ref()));
    if let Some((network, source)) = network.zip(spec.source().filter(|source| source.negated)) {
        network.internal = true;
        add(&mut network.subnets, source);
    }
}

/// `-i BRIDGE -o BRIDGE -j DROP`.
fn learn_traffic(spec: &Spec<'_>, target: &str, found: &mut BTreeMap<String, Network>) {
    let Some((into, out)) = spec.in_interface().zip(spec.out_interface()) else { return };
    let within = target == "DROP" && !into.negated && !out.negated && into.value == out.value;
    let bare = spec.source().is_none() && spec.destination().is_none() && spec.protocol().is_none();
    if within
        && bare
        && let Some(network) = found.get_mut(into.value.as_ref())
    {
        network.icc = false;
    }
}

fn add(subnets: &mut Vec<String>, addresses: Negated<&[Address]>) {
    for address in addresses.value {
        let subnet = address.to_string();
        if !subnets.contains(&subnet) {
            subnets.push(subnet);
        }
    }
}

/// Whether a subnet such as `172.18.0.0/16` is of the family.
#[must_use]
pub fn is_of_family(subnet: &str, family: Family) -> bool {
    subnet.contains(':') == (family == Family::Ipv6)
}
