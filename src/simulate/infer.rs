//! Facts that rules let be seen: bridges and their networks, addresses of the host's.
//!
//! Nobody writes `-s SUBNET ! -o BRIDGE -j MASQUERADE` but for a network behind a bridge, so the rule tells both. Which
//! chains are Docker's does not matter: rules of the same form mean the same whoever wrote them.

use super::address::{Subnet, address};
use super::facts::{Facts, Interface, Origin, Route};
use crate::model::spec::{Negated, Parser, Spec};
use crate::model::value::address::Address;
use crate::model::{Family, Ruleset, TableName};

/// The name that the uplink gets where none is known.
const UPLINK: &str = "eth0";

/// The host's address, and that of the router, where none is known.
const OWN: [(Family, u128, u8); 2] =
    [(Family::Ipv4, 0xc000_0201, 24), (Family::Ipv6, 0x2001_0db8_0000_0001_0000_0000_0000_0001, 64)];

/// The most rules of a chain that are looked at; the networks' rules are few and come in each kind of chain.
const MOST: usize = 100_000;

impl Facts {
    /// The facts that the rules let be seen, and an uplink called `eth0` that is assumed.
    #[must_use]
    pub fn inferred(ruleset: &Ruleset) -> Self {
        let mut facts = Self::default();
        let mut inference = Inference { family: ruleset.family(), facts: &mut facts, own: Vec::new() };
        inference.all(ruleset);
        let own = inference.own;
        add_uplink(&mut facts, ruleset.family(), &own);
        facts
    }
}

struct Inference<'f> {
    family: Family,
    facts: &'f mut Facts,
    /// Addresses that published ports are bound to.
    own: Vec<u128>,
}

impl Inference<'_> {
    fn all(&mut self, ruleset: &Ruleset) {
        let mut parser = Parser::new();
        for table in [TableName::Nat, TableName::Filter, TableName::Raw] {
            for chain in ruleset.live_chains(table) {
                for rule in ruleset.chain(chain).rules().iter().take(MOST) {
                    let body = ruleset.body(rule);
                    let target = ruleset.symbols().name(ruleset.target(rule));
                    if !may_tell(table, target, body) {
                        continue;
                    }
                    let Ok(spec) = parser.parse(body, self.family) else { continue };
                    self.rule(table, target, &spec);
                    parser.recycle(spec);
                }
            }
        }
    }

    fn rule(&mut self, table: TableName, target: &str, spec: &Spec<'_>) {
        let (source, destination) = (single(spec.source()), single(spec.destination()));
        let into = spec.in_interface().map(|name| (name.negated, name.value.into_owned()));
        let out = spec.out_interface().map(|name| (name.negated, name.value.into_owned()));
        match (table, target, source, destination, into, out) {
            // `-s SUBNET ! -o BRIDGE -j MASQUERADE`; `! -s SUBNET -o BRIDGE -j DROP` and `! -d SUBNET -i BRIDGE -j DROP`
            // keep an internal network apart.
            (TableName::Nat, "MASQUERADE" | "SNAT", Some((false, net)), None, None, Some((true, bridge)))
            | (TableName::Filter, "DROP", Some((true, net)), None, None, Some((false, bridge)))
            | (TableName::Filter, "DROP", None, Some((true, net)), Some((false, bridge)), None) => {
                self.network(&bridge, net);
            }
            // `-d CONTAINER ! -i BRIDGE -o BRIDGE -j ACCEPT` and, in raw, `-d CONTAINER ! -i BRIDGE -j DROP`.
            (TableName::Filter, "ACCEPT", _, Some((false, host)), Some((true, into)), Some((false, out)))
                if into == out =>
            {
                self.container(&out, host);
            }
            (TableName::Raw, "DROP", None, Some((false, host)), Some((true, bridge)), None)
                if bridge != "lo" =>
            {
                self.container(&bridge, host);
            }
            // `-d ADDRESS … -j DNAT` is dialled at an address of the host's.
            (TableName::Nat, "DNAT", _, Some((false, host)), ..) => self.own(host),
            // `-i BRIDGE -j RETURN`
            (TableName::Nat, "RETURN", None, None, Some((false, bridge)), None) => self.bridge(&bridge),
            _ => {}
        }
    }

    fn bridge(&mut self, name: &str) {
        if is_plain(name) {
            self.facts.add(Interface { is_bridge: true, ..Interface::new(name, Origin::Inferred) });
        }
    }

    /// A network on a bridge; the host has its first address, as Docker gives it.
    fn network(&mut self, bridge: &str, net: Subnet) {
        let hosts = Subnet::host(net.address).length;
        if !is_plain(bridge) || net.length == 0 || net.length + 2 > hosts {
            return;
        }
        let own = Subnet { address: address(net.nth(1), self.family), length: net.length };
        self.facts.add(Interface {
            addresses: vec![own],
            is_bridge: true,
            ..Interface::new(bridge, Origin::Inferred)
        });
    }

    /// An address on a bridge, of which the network may be known or not.
    fn container(&mut self, bridge: &str, host: Subnet) {
        if !is_plain(bridge) || host != Subnet::host(host.address) {
            return;
        }
        let known = self.facts.interface(bridge);
        let known = known.is_some_and(|known| known.subnets().any(|net| net.contains(host.address)));
        if !known {
            self.facts.add(Interface {
                networks: vec![host],
                is_bridge: true,
                ..Interface::new(bridge, Origin::Inferred)
            });
        }
    }

    fn own(&mut self, host: Subnet) {
        let bits = super::address::bits(host.address);
        let loopback = super::facts::is_loopback(bits, self.family);
        if host == Subnet::host(host.address) && !loopback && !self.own.contains(&bits) && self.own.len() < 64
        {
            self.own.push(bits);
        }
    }
}

/// Whether a rule is worth reading: blocklists of 100,000 rules tell nothing.
fn may_tell(table: TableName, target: &str, body: &str) -> bool {
    match (table, target) {
        (TableName::Nat, "MASQUERADE" | "SNAT") => body.contains("! -o "),
        (TableName::Nat, "DNAT") => body.contains("-d "),
        (TableName::Nat, "RETURN") => body.contains("-i "),
        (TableName::Filter, "DROP") => body.contains("! -s ") || body.contains("! -d "),
        (TableName::Filter, "ACCEPT") | (TableName::Raw, "DROP") => body.contains("! -i "),
        _ => false,
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.ends_with('+') && name != super::facts::LOOPBACK
}

/// The one network that is given, and whether it is negated.
fn single(given: Option<Negated<&[Address]>>) -> Option<(bool, Subnet)> {
    let Negated { negated, value: [one] } = given? else { return None };
    let length = u8::try_from(one.prefix()?).ok()?;
    let address = match one {
        Address::V4 { address: bits, .. } => address((*bits).into(), Family::Ipv4),
        Address::V6 { address: bits, .. } => address(*bits, Family::Ipv6),
    };
    Some((negated, Subnet { address, length }))
}

/// An interface towards the outside, with the addresses that are known to be the host's.
fn add_uplink(facts: &mut Facts, family: Family, own: &[u128]) {
    let known = |bits: &&u128| !facts.is_local(**bits, family);
    let host = |bits: &u128| Subnet { address: address(*bits, family), length: prefix(family) };
    let mut addresses: Vec<Subnet> = own.iter().filter(known).map(host).collect();
    let unknown = addresses.is_empty();
    for (other, bits, length) in OWN {
        if other != family || unknown {
            addresses.push(Subnet { address: address(bits, other), length });
        }
    }
    facts.add(Interface { addresses, ..Interface::new(UPLINK, Origin::Assumed) });
    for family in [Family::Ipv4, Family::Ipv6] {
        facts.add_route(Route {
            destination: Subnet::everything(family),
            interface: UPLINK.to_owned(),
            gateway: None,
            source: None,
            origin: Origin::Assumed,
        });
    }
}

const fn prefix(family: Family) -> u8 {
    match family {
        Family::Ipv4 => 24,
        Family::Ipv6 => 64,
    }
}
