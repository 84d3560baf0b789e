//! Published ports, as Docker's DNAT rules name them.

use super::layout::is_own_chain;
use crate::model::spec::Spec;
use crate::model::{Ruleset, TableName};

/// A port of the host that Docker hands on to a container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Published {
    /// The address of the host that it is bound to; none for all of them.
    pub host_ip: Option<String>,
    /// The port as clients dial it.
    pub host_port: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// The container's address.
    pub container_ip: String,
    /// The container's port.
    pub container_port: u16,
    /// The bridge of the container's network, where the rule tells.
    pub bridge: Option<String>,
}

/// The published ports, in the order of Docker's rules. Swarm's ingress counts too.
#[must_use]
pub fn published(ruleset: &Ruleset) -> Vec<Published> {
    let chains = ruleset.live_chains(TableName::Nat);
    let own = chains.filter(|chain| is_own_chain(TableName::Nat, ruleset.chain_name(*chain)));
    let rules = own.flat_map(|chain| ruleset.chain(chain).rules().iter());
    let dnat = ruleset.symbols().get("DNAT");
    let rules = rules.filter(|rule| dnat == Some(ruleset.target(*rule)));
    rules
        .filter_map(|rule| Spec::parse(ruleset.body(rule), ruleset.family()).ok().and_then(|spec| of(&spec)))
        .collect()
}

fn of(spec: &Spec<'_>) -> Option<Published> {
    let (container_ip, container_port) = destination(&spec.option("to-destination")?.value)?;
    let host = spec.destination().filter(|host| !host.negated).and_then(|host| host.value.first().copied());
    let host_ip = host.map(|address| address.to_string().split('/').next().unwrap_or_default().to_owned());
    Some(Published {
        host_ip,
        host_port: spec.option("dport")?.value.parse().ok()?,
        protocol: spec.protocol_name()?.value,
        container_ip,
        container_port,
        bridge: spec.in_interface().filter(|name| name.negated).map(|name| name.value.into_owned()),
    })
}

/// Address and port of `172.18.0.2:80` or `[fd00::2]:80`.
fn destination(text: &str) -> Option<(String, u16)> {
    let (address, port) = text.rsplit_once(':')?;
    Some((address.trim_start_matches('[').trim_end_matches(']').to_owned(), port.parse().ok()?))
}
