//! What of a host can be reached from outside.
//!
//! Every port at which some rule begins or ends is tried, over each protocol: between two such ports no rule tells one from
//! another, so that one answer holds for all of them. The packets are new connections from an address that no rule names; a
//! client chooses its port, so that those are tried as well that rules name.

use std::net::IpAddr;

use super::blame::{Blame, decider};
use super::ports::{Ports, Transport, boundaries, each, named_sources};
use super::probe::Probed;
use super::site::{Members, Site};
use crate::docker;
use crate::model::value::address::Address;
use crate::model::{Family, Ruleset};
use crate::simulate::{Endpoint, Facts, Packet, Protocol, Simulator, Subnet, Verdict};

/// Addresses of nobody: the first that no rule names is where the packets come from. Documentation's come first (RFC 5737,
/// RFC 3849), then others that are the world's.
const OUTSIDE: [&str; 12] = [
    "198.51.100.7",
    "203.0.113.77",
    "192.0.2.177",
    "8.9.10.11",
    "61.62.63.64",
    "151.152.153.154",
    "2001:db8:6::7",
    "2001:db8:77::77",
    "2001:db8:177::177",
    "2a0a:b0c0:d0e::f",
    "2400:a0b0::77",
    "2600:77:77::7",
];
/// The port of a client.
const CLIENT: u16 = 40_000;
/// The most other ports of clients that are tried.
const CLIENTS: usize = 16;
/// The most interfaces that count as ways in where the host does not tell which one is.
const WAYS: usize = 16;

/// Ports that can be reached, and who lets packets in.
#[derive(Clone, Debug)]
pub struct Exposed {
    /// The ports.
    pub ports: Ports,
    /// The family.
    pub family: Family,
    /// The rule or policy that lets them in; none where the host has no rules.
    pub by: Option<Blame>,
    /// Whether that depends on what no packet says, a limit for one.
    pub perhaps: bool,
}

/// The world outside of a host of one family.
#[derive(Debug)]
pub struct Outside<'r> {
    simulator: Simulator<'r>,
    source: IpAddr,
    /// The ways in: an interface, and an address of the host's.
    ways: Vec<(String, Option<IpAddr>)>,
    /// Ports of clients.
    clients: Vec<u16>,
}

impl<'r> Outside<'r> {
    /// What surrounds the host that `ruleset` is of; `sets` are ipsets that it is to find beside the host's.
    #[must_use]
    pub fn new(site: &Site, ruleset: &'r Ruleset, sets: &[Members]) -> Self {
        let named = Named::of(ruleset);
        let facts = site.facts(ruleset);
        let ways = ways(&facts, &named, site.is_told(), ruleset.family());
        let source = named.stranger(ruleset.family());
        let clients = std::iter::once(CLIENT).chain(named.clients).take(CLIENTS + 1).collect();
        Self { simulator: site.simulator_with(ruleset, facts, sets), source, ways, clients }
    }

    /// All that can be reached, ascending.
    #[must_use]
    pub fn exposed(&self) -> Vec<Exposed> {
        let (begins, protocols) = boundaries(self.simulator.ruleset());
        let mut found: Vec<Exposed> = Vec::new();
        for protocol in protocols {
            let ends = begins.iter().skip(1).map(|begin| begin - 1).chain([u16::MAX]);
            for (from, to) in begins.iter().copied().zip(ends) {
                let Some(exposed) = self.reached(Ports { protocol, from, to }) else { continue };
                add(&mut found, exposed);
            }
        }
        found
    }

    /// Whether ports that no rule tells apart are reached, on any way in.
    fn reached(&self, ports: Ports) -> Option<Exposed> {
        let packets = self.clients.iter().flat_map(|client| self.ways.iter().map(move |way| (way, *client)));
        packets.into_iter().find_map(|(way, client)| {
            let probed = self.probe(way, ports.protocol, (client, ports.from))?;
            let verdict = probed.trace.verdict();
            let perhaps = *verdict == Verdict::Depends;
            let by = decider(probed.ruleset, &probed.trace);
            (perhaps || verdict.is_accept()).then_some(Exposed {
                ports,
                family: probed.ruleset.family(),
                by,
                perhaps,
            })
        })
    }

    /// What becomes of a packet to a port on the first way in.
    #[must_use]
    pub fn refused(&self, ports: Ports) -> Option<Probed<'r>> {
        self.probe(self.ways.first()?, ports.protocol, (CLIENT, ports.from))
    }

    fn probe(
        &self,
        (link, address): &(String, Option<IpAddr>),
        protocol: Transport,
        (client, port): (u16, u16),
    ) -> Option<Probed<'r>> {
        let packet = Packet {
            in_interface: Some(link.clone()),
            source: Some(Endpoint::Address(self.source)),
            destination: Some(address.map_or(Endpoint::Host, Endpoint::Address)),
            protocol: Some(Protocol::Number(protocol.number())),
            source_port: Some(client),
            destination_port: Some(port),
            ..Packet::new()
        };
        let trace = self.simulator.trace(&packet).ok()?;
        Some(Probed { ruleset: self.simulator.ruleset(), trace })
    }
}

/// Adds ports; those next to the ones before that are let in alike are one with them.
fn add(found: &mut Vec<Exposed>, exposed: Exposed) {
    let text = |one: &Exposed| one.by.as_ref().map(|by| by.text.clone());
    if let Some(last) = found.last_mut() {
        let is_next = last.ports.protocol == exposed.ports.protocol
            && last.ports.to.checked_add(1) == Some(exposed.ports.from);
        if is_next && last.perhaps == exposed.perhaps && text(last) == text(&exposed) {
            last.ports.to = exposed.ports.to;
            return;
        }
    }
    found.push(exposed);
}

/// What the rules name.
#[derive(Default)]
struct Named {
    sources: Vec<Subnet>,
    destinations: Vec<IpAddr>,
    /// Interfaces by which packets come in.
    links: Vec<String>,
    /// Source ports.
    clients: Vec<u16>,
}

impl Named {
    fn of(ruleset: &Ruleset) -> Self {
        let mut named = Self::default();
        each(ruleset, |spec| {
            let subnets = |list: &[Address]| -> Vec<Subnet> {
                list.iter().filter_map(|one| one.to_string().parse().ok()).collect()
            };
            let sources = spec.source().map(|source| subnets(source.value)).unwrap_or_default();
            named.sources.extend(sources.into_iter().filter(|source| source.length > 0));
            let own = spec.destination().map(|own| subnets(own.value)).unwrap_or_default();
            named
                .destinations
                .extend(own.iter().filter(|own| **own == Subnet::host(own.address)).map(|own| own.address));
            named.clients.extend(named_sources(spec).iter().map(|(from, _)| *from));
            let link = spec.in_interface().filter(|link| !link.negated).map(|link| link.value.into_owned());
            named.links.extend(link.filter(|link| !link.ends_with('+')));
        });
        named.links.sort();
        named.links.dedup();
        named.clients.sort_unstable();
        named.clients.dedup();
        named
    }

    /// An address that no rule names as a source.
    fn stranger(&self, family: Family) -> IpAddr {
        stranger(family, &self.sources)
    }
}

/// An address of nobody's that is in none of the networks.
pub(super) fn stranger(family: Family, networks: &[Subnet]) -> IpAddr {
    let mut all = OUTSIDE.iter().filter_map(|text| text.parse::<IpAddr>().ok()).filter(|one| match family {
        Family::Ipv4 => one.is_ipv4(),
        Family::Ipv6 => one.is_ipv6(),
    });
    let first = all.clone().next();
    let free = all.find(|one| !networks.iter().any(|named| named.contains(*one)));
    free.or(first).unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED))
}

/// The ways in: the interfaces that lead outside, each with the host's addresses that rules tell apart.
fn ways(facts: &Facts, named: &Named, is_told: bool, family: Family) -> Vec<(String, Option<IpAddr>)> {
    let everything = Subnet::everything(family);
    let routes = facts.routes().iter().filter(|route| route.destination == everything);
    let mut links: Vec<String> = routes.map(|route| route.interface.clone()).collect();
    let plain = |name: &str| {
        let known = facts.interface(name);
        name != "lo" && known.map_or(!looks_like_docker(name), |known| !known.is_bridge)
    };
    if !is_told {
        links.extend(named.links.iter().filter(|name| plain(name)).cloned());
    } else if links.is_empty() {
        links.extend(facts.interfaces().iter().map(|link| link.name.clone()).filter(|name| plain(name)));
    }
    let mut once = Vec::new();
    links.into_iter().take(WAYS).for_each(|link| {
        if !once.contains(&link) {
            once.push(link);
        }
    });
    let own: Vec<IpAddr> = facts
        .interfaces()
        .iter()
        .filter(|link| plain(&link.name))
        .flat_map(|link| &link.addresses)
        .filter(|own| own.family() == family && !is_link_local(own.address))
        .map(|own| own.address)
        .collect();
    let told_apart = own.iter().skip(1).filter(|own| named.destinations.contains(own));
    let mut dialled: Vec<Option<IpAddr>> =
        own.first().into_iter().chain(told_apart).copied().map(Some).collect();
    if dialled.is_empty() {
        dialled.push(None);
    }
    let with = |link: &String| dialled.iter().map(|own| (link.clone(), *own)).collect::<Vec<_>>();
    once.iter().flat_map(with).collect()
}

fn looks_like_docker(name: &str) -> bool {
    docker::is_generated(name) || ["docker", "veth"].iter().any(|start| name.starts_with(start))
}

/// Source: RFC 4291, section 2.5.6: `fe80::/10`.
const fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.to_bits() >> 118 == 0xfe80 >> 6,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::SourceFile;

    fn exposed(rules: &str) -> Vec<String> {
        let source = SourceFile::from_bytes("host.rules", rules.into()).unwrap();
        let ruleset = crate::save::parse(&Arc::new(source), Family::Ipv4).unwrap();
        let outside = Outside::new(&Site::default(), &ruleset, &[]);
        outside.exposed().iter().map(|one| one.ports.to_string()).collect()
    }

    #[test]
    fn an_open_host_is_open() {
        assert_eq!(exposed("*filter\nCOMMIT\n"), ["tcp/*", "udp/*"]);
    }

    #[test]
    fn every_boundary_counts() {
        let rules = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n\
            -A INPUT -p tcp -m multiport --dports 80,8000:8010 -j ACCEPT\n-A INPUT -p udp -m udp --dport 65535 -j ACCEPT\n\
            -A INPUT -s 198.51.100.0/24 -j ACCEPT\n-A INPUT -i ens3 -p sctp -m sctp --dport 9 -j ACCEPT\n\
            -A INPUT -p tcp -m tcp --dport 23 -m limit --limit 1/sec -j ACCEPT\n-A INPUT -i br-0123456789ab -j ACCEPT\nCOMMIT\n";
        assert_eq!(exposed(rules), ["tcp/22", "tcp/23", "tcp/80", "tcp/8000-8010", "udp/65535", "sctp/9"]);
    }

    #[test]
    fn clients_choose_their_port() {
        let rules = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p udp -m udp --sport 67 --dport 68 -j ACCEPT\n\
            -A INPUT -p udp -m multiport --sports 1000:2000,3000 -m udp --dport 7 -j ACCEPT\nCOMMIT\n";
        assert_eq!(exposed(rules), ["udp/7", "udp/68"]);
    }

    #[test]
    fn published_ports_are_dialled_at_the_host() {
        let rules = "*nat\n:DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n\
            -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n\
            -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n\
            -A DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 5432 -j DNAT --to-destination 172.17.0.3:5432\n\
            -A DOCKER -d 203.0.113.9/32 ! -i docker0 -p tcp -m tcp --dport 81 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n\
            *filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n\
            -A FORWARD -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n";
        assert_eq!(exposed(rules), ["tcp/81", "tcp/8080"]);
    }
}
