//! Who is around a host, for packets that are tried: the outside, containers, the host itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::docker::{Published, published};
use crate::model::{Family, Ruleset};
use crate::simulate::{Facts, Subnet};

/// The most bridges and published ports that are tried.
const BRIDGES: usize = 4;
const PORTS: usize = 32;

/// A bridge with the host's address on it and a container's.
#[derive(Clone, Debug)]
pub(super) struct Bridge {
    pub(super) name: String,
    pub(super) own: IpAddr,
    pub(super) container: IpAddr,
}

/// Who is around.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) family: Family,
    /// The interface that leads outside.
    pub(super) uplink: String,
    /// The host's address on it.
    pub(super) own: Option<IpAddr>,
    /// Somebody outside.
    pub(super) outside: IpAddr,
    pub(super) bridges: Vec<Bridge>,
    pub(super) published: Vec<Published>,
}

impl Scene {
    /// Who is around the host of these rulesets, which are of one family.
    pub(super) fn of(facts: &Facts, rulesets: [&Ruleset; 2], outside: IpAddr) -> Self {
        let [_, newest] = rulesets;
        let family = newest.family();
        let everything = Subnet::everything(family);
        let route = facts.routes().iter().find(|route| route.destination == everything);
        let plain = || facts.interfaces().iter().skip(1).find(|link| !link.is_bridge);
        let uplink =
            route.map(|route| route.interface.clone()).or_else(|| plain().map(|link| link.name.clone()));
        let uplink = uplink.unwrap_or_else(|| "eth0".to_owned());
        let own = facts.interface(&uplink).and_then(|link| own_on(&link.addresses, family));
        let mut ports: Vec<Published> = Vec::new();
        for port in rulesets.into_iter().flat_map(published) {
            if ports.len() < PORTS && !ports.contains(&port) {
                ports.push(port);
            }
        }
        let bridges = facts.interfaces().iter().filter(|link| link.is_bridge);
        let bridges = bridges.filter_map(|link| {
            let own = own_on(&link.addresses, family)?;
            let mut known = ports.iter().filter(|port| port.bridge.as_deref() == Some(link.name.as_str()));
            let container =
                known.find_map(|port| port.container_ip.parse().ok()).unwrap_or_else(|| after(own));
            Some(Bridge { name: link.name.clone(), own, container })
        });
        let bridges = bridges.take(BRIDGES).collect();
        Self { family, uplink, own, outside, bridges, published: ports }
    }
}

fn own_on(addresses: &[Subnet], family: Family) -> Option<IpAddr> {
    addresses.iter().find(|own| own.family() == family).map(|own| own.address)
}

/// The address after that one, which is a neighbour's.
pub(super) fn after(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits().wrapping_add(1))),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits().wrapping_add(1))),
    }
}
