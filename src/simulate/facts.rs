//! What a walk must know of the host besides its rules: interfaces, addresses, routes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::address::{Subnet, address, bits};
use crate::model::Family;

/// How a fact is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The caller said so: it was read from the host, a snapshot or an option.
    Told,
    /// Rules let it be seen.
    Inferred,
    /// Nothing is known, and something had to be taken.
    Assumed,
}

/// A network interface of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// The host's addresses on it, of both families, the primary ones first.
    pub addresses: Vec<Subnet>,
    /// Networks that are on it beside those of its addresses.
    pub networks: Vec<Subnet>,
    /// Whether it is a bridge, on which frames between its ports need no routing.
    pub is_bridge: bool,
    /// Whether packets from and to 127.0.0.0/8 may pass it (`net.ipv4.conf.NAME.route_localnet`).
    pub route_localnet: bool,
    /// Whether a bridge sends packets back by the port that they came in by (`hairpin_mode`), as Docker sets it up where
    /// it runs without its userland proxy.
    pub hairpin: bool,
    /// How it is known.
    pub origin: Origin,
}

impl Interface {
    /// An interface without addresses.
    #[must_use]
    pub fn new(name: impl Into<String>, origin: Origin) -> Self {
        let name = name.into();
        Self {
            name,
            addresses: Vec::new(),
            networks: Vec::new(),
            is_bridge: false,
            route_localnet: false,
            hairpin: false,
            origin,
        }
    }

    /// The networks that are on it.
    pub fn subnets(&self) -> impl Iterator<Item = &Subnet> {
        self.addresses.iter().chain(&self.networks)
    }

    /// The host's address on it by which `destination` is reached: one of the same network, or the first.
    pub(super) fn source_for(&self, destination: u128, family: Family) -> Option<u128> {
        let mut own =
            self.addresses.iter().filter(|own| own.family() == family && !is_link_local(own.address));
        let near = own.clone().find(|own| own.holds(destination));
        near.or_else(|| own.next()).map(|own| bits(own.address))
    }
}

/// A way to other networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where it leads.
    pub destination: Subnet,
    /// The interface by which.
    pub interface: String,
    /// The router, where there is one.
    pub gateway: Option<IpAddr>,
    /// The address that the host takes for its own packets.
    pub source: Option<IpAddr>,
    /// How it is known.
    pub origin: Origin,
}

/// What is known of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    interfaces: Vec<Interface>,
    routes: Vec<Route>,
    /// Whether the host passes packets on (`net.ipv4.ip_forward`, `net.ipv6.conf.all.forwarding`).
    pub forwarding: bool,
    /// Whether iptables sees what a bridge passes between its own ports (`net.bridge.bridge-nf-call-iptables`).
    pub bridge_netfilter: bool,
    /// Members of ipsets, those that are addresses and networks, by the sets' names.
    pub sets: BTreeMap<String, Vec<Subnet>>,
}

impl Default for Facts {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

/// The loopback interface.
pub(super) const LOOPBACK: &str = "lo";

impl Facts {
    /// The facts that these interfaces and routes make; `lo` need not be among them. The interfaces come in the order of
    /// their indexes, as `ip address` shows them.
    #[must_use]
    pub fn new(interfaces: Vec<Interface>, routes: Vec<Route>) -> Self {
        let mut facts = Self {
            interfaces: vec![loopback()],
            routes,
            forwarding: true,
            bridge_netfilter: true,
            sets: BTreeMap::new(),
        };
        for interface in interfaces {
            facts.add(interface);
        }
        facts
    }

    /// Adds an interface; what is said of one that is there already is added to it.
    pub fn add(&mut self, interface: Interface) {
        let Some(known) = self.interfaces.iter_mut().find(|known| known.name == interface.name) else {
            self.interfaces.push(interface);
            return;
        };
        for (list, more) in
            [(&mut known.addresses, interface.addresses), (&mut known.networks, interface.networks)]
        {
            let new: Vec<Subnet> = more.into_iter().filter(|subnet| !list.contains(subnet)).collect();
            list.extend(new);
        }
        known.is_bridge |= interface.is_bridge;
        known.route_localnet |= interface.route_localnet;
        known.hairpin |= interface.hairpin;
        known.origin = known.origin.min(interface.origin);
    }

    /// Adds a route.
    pub fn add_route(&mut self, route: Route) {
        self.routes.push(route);
    }

    /// Every interface, `lo` first.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// The interface called `name`.
    #[must_use]
    pub fn interface(&self, name: &str) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.name == name)
    }

    /// Every route that leads beyond the networks of the interfaces.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// These facts, and what they leave open as `other` has it: interfaces that they lack, and of those that they have, the
    /// addresses of a family that they say nothing about.
    #[must_use]
    pub fn completed_by(mut self, other: &Self) -> Self {
        let has_uplink = self.has_uplink();
        for interface in &other.interfaces {
            match self.interfaces.iter_mut().find(|known| known.name == interface.name) {
                Some(known) => complete(known, interface),
                None if interface.origin != Origin::Assumed || !has_uplink => {
                    self.interfaces.push(interface.clone());
                }
                None => {}
            }
        }
        for family in [Family::Ipv4, Family::Ipv6] {
            let has_default = self.default_route(family).is_some();
            let of = |route: &&Route| {
                let wanted = route.destination.length > 0 || !has_default;
                route.destination.family() == family && wanted
            };
            let more: Vec<Route> = other.routes.iter().filter(of).cloned().collect();
            let known = |route: &Route| self.interfaces.iter().any(|one| one.name == route.interface);
            let more: Vec<Route> = more.into_iter().filter(known).collect();
            self.routes.extend(more);
        }
        for (name, members) in &other.sets {
            self.sets.entry(name.clone()).or_insert_with(|| members.clone());
        }
        self
    }

    /// Whether an interface beside `lo` is known that no rule let be seen.
    fn has_uplink(&self) -> bool {
        self.interfaces.iter().any(|interface| interface.name != LOOPBACK && interface.origin == Origin::Told)
    }

    /// Whether the host has the address, as a number.
    pub(super) fn is_local(&self, address: u128, family: Family) -> bool {
        self.local_interface(address, family).is_some()
    }

    /// The index of the interface that has the address.
    pub(super) fn local_interface(&self, address: u128, family: Family) -> Option<usize> {
        if is_loopback(address, family) {
            return Some(0);
        }
        self.interfaces.iter().position(|interface| {
            interface.addresses.iter().any(|own| own.family() == family && bits(own.address) == address)
        })
    }

    /// Whether `address` is the broadcast address of a network of the host's.
    pub(super) fn is_broadcast(&self, address: u128, family: Family) -> bool {
        if family == Family::Ipv6 {
            return false;
        }
        let of = |own: &Subnet| own.broadcast() == Some(address) || own.length < 31 && own.nth(0) == address;
        let v4 = |own: &&Subnet| own.family() == Family::Ipv4;
        address == 0
            || address == u128::from(u32::MAX)
            || self.interfaces.iter().skip(1).any(|interface| interface.addresses.iter().filter(v4).any(of))
    }

    /// The way to `address`: the index of the interface, and the route where it is none of the interface's own networks.
    pub(super) fn route(&self, address: u128, family: Family) -> Option<Way<'_>> {
        let mut best: Option<(u8, Way<'_>)> = None;
        for (interface, known) in self.interfaces.iter().enumerate() {
            let near = known.subnets().filter(|subnet| subnet.family() == family && subnet.holds(address));
            let longest = near.map(|subnet| subnet.length).max();
            if longest > best.as_ref().map(|(length, _)| *length) {
                best = longest.map(|length| (length, Way { interface, route: None }));
            }
        }
        for route in &self.routes {
            let fits = route.destination.family() == family && route.destination.holds(address);
            let length = route.destination.length;
            if !fits || best.as_ref().is_some_and(|(longest, _)| length <= *longest) {
                continue;
            }
            if let Some(interface) = self.index(&route.interface) {
                best = Some((length, Way { interface, route: Some(route) }));
            }
        }
        best.map(|(_, way)| way)
    }

    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.interfaces.iter().position(|interface| interface.name == name)
    }

    /// The route of `family` to everywhere.
    pub(super) fn default_route(&self, family: Family) -> Option<&Route> {
        let is_default =
            |route: &&Route| route.destination.length == 0 && route.destination.family() == family;
        self.routes.iter().find(is_default)
    }

    /// The index of the interface towards the outside: that of the default route, or the first that is no bridge.
    pub(super) fn uplink(&self, family: Family) -> Option<usize> {
        let default = self.default_route(family).and_then(|route| self.index(&route.interface));
        let plain = || self.interfaces.iter().skip(1).position(|interface| !interface.is_bridge);
        default.or_else(|| plain().map(|index| index + 1))
    }

    /// An address of the host's, on the uplink if it may be.
    pub(super) fn own_address(&self, family: Family) -> Option<(usize, u128)> {
        let of = |index: usize| {
            let interface = self.interfaces.get(index)?;
            Some((index, interface.source_for(0, family)?))
        };
        self.uplink(family).and_then(of).or_else(|| (1..self.interfaces.len()).find_map(of))
    }
}

/// The way to an address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way<'f> {
    /// The index of the interface.
    pub(super) interface: usize,
    /// The route, where the address is not on a network of the interface's own.
    pub(super) route: Option<&'f Route>,
}

fn complete(known: &mut Interface, other: &Interface) {
    for family in [Family::Ipv4, Family::Ipv6] {
        let of = |subnet: &&Subnet| subnet.family() == family;
        if known.subnets().find(of).is_none() {
            known.addresses.extend(other.addresses.iter().filter(of));
            known.networks.extend(other.networks.iter().filter(of));
        }
    }
    known.is_bridge |= other.is_bridge && known.origin != Origin::Told;
}

fn loopback() -> Interface {
    let addresses = [(Family::Ipv4, 0x7f00_0001, 8), (Family::Ipv6, 1, 128)];
    let addresses = addresses.map(|(family, bits, length)| Subnet { address: address(bits, family), length });
    Interface { addresses: addresses.to_vec(), ..Interface::new(LOOPBACK, Origin::Told) }
}

/// Whether the address is one that no packet on a wire may have.
pub(super) const fn is_loopback(address: u128, family: Family) -> bool {
    match family {
        Family::Ipv4 => address >> 24 == 127,
        Family::Ipv6 => address == 1,
    }
}

/// Whether the address stands for many hosts.
pub(super) const fn is_multicast(address: u128, family: Family) -> bool {
    match family {
        Family::Ipv4 => address >> 28 == 0xe,
        Family::Ipv6 => address >> 120 == 0xff,
    }
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let told = |name: &str, address: &str| Interface {
            addresses: vec![address.parse().unwrap()],
            ..Interface::new(name, Origin::Told)
        };
        let route = Route {
            destination: Subnet::everything(Family::Ipv4),
            interface: "eth0".to_owned(),
            gateway: Some("192.0.2.254".parse().unwrap()),
            source: None,
            origin: Origin::Told,
        };
        Facts::new(vec![told("eth0", "192.0.2.1/24"), told("docker0", "172.17.0.1/16")], vec![route])
    }

    #[test]
    fn the_longest_prefix_is_the_way() {
        let facts = facts();
        let way = |address: &str| {
            let way = facts.route(bits(address.parse().unwrap()), Family::Ipv4).unwrap();
            facts.interfaces()[way.interface].name.clone()
        };
        assert_eq!(way("172.17.0.2"), "docker0");
        assert_eq!(way("198.51.100.7"), "eth0");
        assert_eq!(way("127.1.2.3"), "lo");
        assert!(facts.route(1 << 100, Family::Ipv6).is_none());
        assert!(facts.is_local(bits("127.1.2.3".parse().unwrap()), Family::Ipv4));
        assert!(facts.is_broadcast(bits("172.17.255.255".parse().unwrap()), Family::Ipv4));
    }

    #[test]
    fn what_is_told_is_completed_by_what_is_inferred() {
        let mut inferred = Facts::default();
        inferred.add(Interface {
            networks: vec!["172.18.0.0/16".parse().unwrap()],
            ..Interface::new("br-1", Origin::Inferred)
        });
        inferred.add(Interface::new("eth9", Origin::Assumed));
        let whole = facts().completed_by(&inferred);
        assert!(whole.interface("br-1").is_some());
        assert!(whole.interface("eth9").is_none());
    }
}
