//! What surrounds rulesets that packets are followed through.

use std::fmt;
use std::sync::LazyLock;

use super::told;
use crate::host;
use crate::model::Ruleset;
use crate::model::ipset::Entry;
use crate::simulate::{Assumption, Backend, Facts, Interface, Origin, Route, Simulator, Subnet};

/// An ipset's name, and the addresses in it.
pub type Members = (String, Vec<Entry>);

/// What a host tells of itself.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Its interfaces, addresses, routes and settings; none where they are not known.
    pub host: Option<host::Facts>,
    /// Its ipsets, those that hold addresses and nothing else.
    pub sets: Vec<Members>,
}

/// An address of the host's that the user tells: `eth0=203.0.113.5/24`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAddress {
    /// The interface that has it.
    pub interface: String,
    /// The address with its network's prefix.
    pub address: Subnet,
}

type Ask = Box<dyn FnOnce() -> Surroundings + Send>;

/// What surrounds rulesets: the host they are of, and what is settled of that which no packet says.
pub struct Site {
    around: LazyLock<Surroundings, Ask>,
    own: Vec<OwnAddress>,
    assumptions: Vec<Assumption>,
    backend: Backend,
}

impl fmt::Debug for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Site")
            .field("own", &self.own)
            .field("assumptions", &self.assumptions)
            .finish_non_exhaustive()
    }
}

impl Default for Site {
    /// A host of which the rules alone tell.
    fn default() -> Self {
        Self::new(Surroundings::default)
    }
}

impl Site {
    /// A host that is asked for its surroundings when a packet first needs them.
    pub fn new(ask: impl FnOnce() -> Surroundings + Send + 'static) -> Self {
        Self {
            around: LazyLock::new(Box::new(ask)),
            own: Vec::new(),
            assumptions: Vec::new(),
            backend: Backend::default(),
        }
    }

    /// The same with these addresses.
    #[must_use]
    pub fn with_addresses(self, own: Vec<OwnAddress>) -> Self {
        Self { own, ..self }
    }

    /// The same with those matches settled.
    #[must_use]
    pub fn assuming(self, assumptions: Vec<Assumption>) -> Self {
        Self { assumptions, ..self }
    }

    /// The same with rules that are loaded with `backend`.
    #[must_use]
    pub fn backend(self, backend: Backend) -> Self {
        Self { backend, ..self }
    }

    /// Whether the host itself told its addresses.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.around.host.is_some()
    }

    /// The facts about the host as `ruleset` needs them: what was told, and where nothing was, what the rules let be seen.
    #[must_use]
    pub fn facts(&self, ruleset: &Ruleset) -> Facts {
        let family = ruleset.family();
        let mut facts = match &self.around.host {
            Some(host) => {
                let mut facts = told::facts(host, family);
                self.own.iter().for_each(|own| facts.add(interface(own, facts.interface(&own.interface))));
                facts
            }
            None => self.guessed(ruleset),
        };
        facts.sets =
            self.around.sets.iter().map(|(name, members)| (name.clone(), subnets(members))).collect();
        facts
    }

    /// What the rules let be seen, and the addresses of the options.
    fn guessed(&self, ruleset: &Ruleset) -> Facts {
        let inferred = Facts::inferred(ruleset);
        if self.own.is_empty() {
            return inferred;
        }
        let own = self.own.iter().map(|own| interface(own, inferred.interface(&own.interface)));
        let mut told = Facts::new(own.collect(), Vec::new());
        // An uplink is taken for known only where the options name an interface that is none of the bridges.
        let plain = told.interfaces().iter().skip(1).find(|interface| !interface.is_bridge);
        let plain = plain.map(|interface| interface.name.clone());
        let Some(uplink) = plain else {
            let mut facts = inferred;
            told.interfaces().iter().skip(1).for_each(|interface| facts.add(interface.clone()));
            return facts;
        };
        for route in inferred.routes() {
            told.add_route(Route { interface: uplink.clone(), ..route.clone() });
        }
        told.completed_by(&inferred)
    }

    /// A simulator of `ruleset` on this host; `sets` are ipsets that it is to find beside the host's.
    #[must_use]
    pub fn simulator<'r>(&self, ruleset: &'r Ruleset, sets: &[Members]) -> Simulator<'r> {
        self.simulator_with(ruleset, self.facts(ruleset), sets)
    }

    /// The same where the facts are known already.
    #[must_use]
    pub fn simulator_with<'r>(
        &self,
        ruleset: &'r Ruleset,
        mut facts: Facts,
        sets: &[Members],
    ) -> Simulator<'r> {
        facts.sets.extend(sets.iter().map(|(name, members)| (name.clone(), subnets(members))));
        Simulator::new(ruleset, facts).backend(self.backend).assume(self.assumptions.clone())
    }
}

fn interface(own: &OwnAddress, known: Option<&Interface>) -> Interface {
    Interface {
        addresses: vec![own.address],
        is_bridge: known.is_some_and(|known| known.is_bridge),
        ..Interface::new(own.interface.as_str(), Origin::Told)
    }
}

fn subnets(members: &[Entry]) -> Vec<Subnet> {
    // Both spell an address and its prefix alike.
    members.iter().filter_map(|member| member.to_string().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Family;
    use crate::simulate::{Packet, Verdict};
    use crate::source::SourceFile;

    const RULES: &str = "*nat\n-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\nCOMMIT\n\
        *filter\n:INPUT DROP [0:0]\n-A INPUT -i ens3 -m set --match-set office src -j ACCEPT\n-A INPUT -d 203.0.113.5 -j ACCEPT\nCOMMIT\n";

    fn ruleset() -> Ruleset {
        let source = SourceFile::from_bytes("host.rules", RULES.into()).unwrap();
        crate::save::parse(&Arc::new(source), Family::Ipv4).unwrap()
    }

    fn verdict(site: &Site, sets: &[Members], packet: &str) -> Verdict {
        let ruleset = ruleset();
        let simulator = site.simulator(&ruleset, sets);
        simulator.trace(&Packet::parse(packet).unwrap()).unwrap().verdict().clone()
    }

    fn own(interface: &str, address: &str) -> OwnAddress {
        OwnAddress { interface: interface.to_owned(), address: address.parse().unwrap() }
    }

    #[test]
    fn an_address_that_is_told_is_the_hosts() {
        let packet = "in=ens3 dst=203.0.113.5 dport=22 src=198.51.100.7";
        let site = Site::default().with_addresses(vec![own("ens3", "203.0.113.5/24")]);
        assert_eq!(verdict(&site, &[("office".to_owned(), vec![])], packet), Verdict::Accept);
        let facts = site.facts(&ruleset());
        assert!(facts.interface("eth0").is_none(), "{facts:?}");
        assert!(facts.routes().iter().any(|route| route.interface == "ens3"));
        let bridge = Site::default().with_addresses(vec![own("docker0", "172.17.42.1/16")]).facts(&ruleset());
        assert!(bridge.interface("eth0").is_some() && bridge.interface("docker0").unwrap().is_bridge);
    }

    #[test]
    fn members_of_sets_settle_what_depends_on_them() {
        let packet = "in=ens3 dport=22 src=198.51.100.7";
        let site = Site::default();
        assert_eq!(verdict(&site, &[], packet), Verdict::Depends);
        let office = |entry: &str| [("office".to_owned(), vec![Entry::parse(entry).unwrap()])];
        assert_eq!(verdict(&site, &office("198.51.100.0/24"), packet), Verdict::Accept);
        assert_eq!(verdict(&site, &office("192.0.2.1"), packet), Verdict::Drop);
        let settled = site.assuming(vec![Assumption::parse("set office=no").unwrap()]);
        assert_eq!(verdict(&settled, &[], packet), Verdict::Drop);
    }
}
