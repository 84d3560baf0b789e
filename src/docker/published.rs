//! Published ports, as Docker's DNAT rules name them, or as Docker itself does where it writes no such rules.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::inventory::{Binding, Inventory, KnownContainer};
use super::layout::is_own_chain;
use super::networks::{Network, each, networks};
use crate::model::spec::Spec;
use crate::model::value::address::{self, Address};
use crate::model::{Family, Ruleset, TableName};

/// A port of the host that Docker hands on to a container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Published {
    /// The address of the host that it is bound to; none for all of them.
    pub host_ip: Option<String>,
    /// The port as clients dial it.
    pub host_port: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// The container's name, which no rule has: from Docker itself.
    pub container: Option<String>,
    /// The container's address.
    pub container_ip: String,
    /// The container's port.
    pub container_port: u16,
    /// The bridge of the container's network, where the rules tell.
    pub bridge: Option<String>,
}

/// A port that Docker publishes without a rule: `docker-proxy`, a process of the host, hands it on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proxied {
    /// The address of the host that it is bound to; none for all of them.
    pub host_ip: Option<String>,
    /// The port as clients dial it.
    pub host_port: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// The container's name.
    pub container: String,
    /// The container's port.
    pub container_port: u16,
}

impl Published {
    /// Whether only this host itself can dial it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_local(self.host_ip.as_deref())
    }
}

impl Proxied {
    /// Whether only this host itself can dial it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_local(self.host_ip.as_deref())
    }
}

/// Whether the address that a port is bound to is one of loopback's.
#[must_use]
pub fn is_local(host_ip: Option<&str>) -> bool {
    let host = host_ip.and_then(|host| host.parse::<IpAddr>().ok());
    host.is_some_and(|host| host.is_loopback())
}

/// The published ports, in the order of Docker's rules. Swarm's ingress counts too.
#[must_use]
pub fn published(ruleset: &Ruleset) -> Vec<Published> {
    let chains = ruleset.live_chains(TableName::Nat);
    let own = chains.filter(|chain| is_own_chain(TableName::Nat, ruleset.chain_name(*chain)));
    let mut found = Vec::new();
    for chain in own {
        each(ruleset, ruleset.chain(chain).rules(), |spec, target| {
            found.extend((target == "DNAT").then(|| of(spec)).flatten());
        });
    }
    if found.iter().any(|port| port.bridge.is_none()) {
        let bridges = Bridges::new(ruleset);
        for port in found.iter_mut().filter(|port| port.bridge.is_none()) {
            port.bridge = bridges.of(&port.container_ip);
        }
    }
    found
}

fn of(spec: &Spec<'_>) -> Option<Published> {
    let (container_ip, container_port) = destination(&spec.option("to-destination")?.value)?;
    let host = spec.destination().filter(|host| !host.negated).and_then(|host| host.value.first().copied());
    let host_ip = host.map(|address| without_prefix(&address));
    Some(Published {
        host_ip,
        host_port: spec.option("dport")?.value.parse().ok()?,
        protocol: spec.protocol_name()?.value,
        container: None,
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

fn without_prefix(address: &Address) -> String {
    address.to_string().split('/').next().unwrap_or_default().to_owned()
}

/// The bridges of containers whose DNAT rules do not name theirs: those of an engine without docker-proxy, and Swarm's.
struct Bridges {
    family: Family,
    /// By the container's address, as the rules that let its ports through name it.
    by_address: HashMap<String, String>,
    networks: Vec<Network>,
}

impl Bridges {
    fn new(ruleset: &Ruleset) -> Self {
        let mut by_address = HashMap::new();
        if let Some(chain) = ruleset.chain_id(TableName::Filter, "DOCKER") {
            each(ruleset, ruleset.chain(chain).rules(), |spec, target| {
                let to = spec.destination().and_then(|to| to.value.first().filter(|_| !to.negated));
                let out = spec.out_interface().filter(|out| !out.negated && target == "ACCEPT");
                if let Some((to, out)) = to.zip(out) {
                    by_address.insert(without_prefix(to), out.value.into_owned());
                }
            });
        }
        Self { family: ruleset.family(), by_address, networks: networks(ruleset) }
    }

    fn of(&self, container: &str) -> Option<String> {
        if let Some(bridge) = self.by_address.get(container) {
            return Some(bridge.clone());
        }
        let parse = |text: &str| address::parse(text, self.family).ok();
        let container = parse(container)?;
        let holds = |network: &&Network| {
            network.subnets.iter().filter_map(|subnet| parse(subnet)).any(|subnet| subnet.contains(container))
        };
        self.networks.iter().find(holds).map(|network| network.bridge.clone())
    }
}

impl Inventory {
    /// The published ports of a family, as Docker itself tells them: where it keeps its rules in nftables, and where it
    /// was told to write none.
    #[must_use]
    pub fn published(&self, family: Family) -> Vec<Published> {
        let ports = self.bindings(family).filter_map(|(container, port)| {
            let (address, bridge) = container.gateway(self, port.host_ip)?;
            Some(Published {
                host_ip: bound_to(port.host_ip),
                host_port: port.host_port,
                protocol: port.protocol.clone(),
                container: Some(container.name.clone()),
                container_ip: address.to_string(),
                container_port: port.container_port,
                bridge: Some(bridge.to_owned()),
            })
        });
        ports.collect()
    }

    /// The ports of a family that are published and that no rule of `ruled` hands on: what reaches them goes through
    /// INPUT to docker-proxy.
    #[must_use]
    pub fn proxied(&self, family: Family, ruled: &[Published]) -> Vec<Proxied> {
        let key =
            |ip: Option<&str>, port: u16, protocol: &str| (ip.map(str::to_owned), port, protocol.to_owned());
        let ruled: HashSet<_> =
            ruled.iter().map(|port| key(port.host_ip.as_deref(), port.host_port, &port.protocol)).collect();
        let ports = self.bindings(family).map(|(container, port)| Proxied {
            host_ip: bound_to(port.host_ip),
            host_port: port.host_port,
            protocol: port.protocol.clone(),
            container: container.name.clone(),
            container_port: port.container_port,
        });
        ports
            .filter(|port| !ruled.contains(&key(port.host_ip.as_deref(), port.host_port, &port.protocol)))
            .collect()
    }

    fn bindings(&self, family: Family) -> impl Iterator<Item = (&KnownContainer, &Binding)> {
        let all = self.containers.iter();
        all.flat_map(|container| container.ports.iter().map(move |port| (container, port)))
            .filter(move |(_, port)| port.host_ip.is_ipv4() == (family == Family::Ipv4))
    }
}

/// The address that a port is bound to; none for all of them.
fn bound_to(host: IpAddr) -> Option<String> {
    (!host.is_unspecified()).then(|| host.to_string())
}
