//! Docker as scripts see it: from its rules, and names from Docker itself where it can be asked.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::rc::Rc;

use rhai::NativeCallContext;

use super::fault::{Native, raise};
use super::session::SharedSession;
use super::surroundings::{NO_WORLD, Unknown, unknown};
use crate::diagnostic::Diagnostic;
use crate::docker::{
    self, Inventory, KnownContainer, Layout, Network, Proxied, Published, USER_CHAIN, is_of_family,
};
use crate::model::{Family, TableName};

/// Docker.
#[derive(Clone)]
pub(crate) struct DockerView(pub(super) SharedSession);

impl DockerView {
    /// The layout of Docker's chains, or that it has none since it uses nftables.
    pub(super) fn layout(&self) -> Option<Layout> {
        if is_nftables(&self.0) {
            return Some(Layout::Nftables);
        }
        docker::layout(&self.0.borrow().ruleset)
    }

    /// Whether rules tell of networks and ports: not those of nftables, and there are none under `iptables=false`.
    fn has_rules(&self) -> bool {
        !matches!(self.layout(), None | Some(Layout::Nftables))
    }

    fn family(&self) -> Family {
        self.0.borrow().ruleset.family()
    }

    /// The chain that Docker leaves to the user, where there is one.
    pub(super) fn user_chain(&self) -> Option<&'static str> {
        let chain = self.0.borrow().ruleset.chain_id(TableName::Filter, USER_CHAIN);
        chain.map(|_| USER_CHAIN)
    }

    /// Whether Docker itself can be asked.
    pub(super) fn names_known(&self) -> bool {
        with_docker(&self.0, |known| known.is_ok())
    }

    /// The interfaces of Docker's bridges.
    pub(super) fn bridges(&self) -> Vec<String> {
        if self.layout() != Some(Layout::Nftables) {
            let session = self.0.borrow();
            return docker::bridge_patterns(&session.ruleset, &session.interfaces);
        }
        let bridges: BTreeSet<String> = with_docker(&self.0, |known| {
            known.map_or_else(
                |_| BTreeSet::new(),
                |known| known.bridged().map(|(_, name)| name.to_owned()).collect(),
            )
        });
        let session = self.0.borrow();
        docker::patterns(&bridges, &session.ruleset, &session.interfaces)
    }

    /// The networks that have bridges.
    pub(super) fn networks(&self) -> Vec<NetworkView> {
        let networks =
            if self.has_rules() { docker::networks(&self.0.borrow().ruleset) } else { self.told() };
        networks.into_iter().map(|network| NetworkView(network, Rc::clone(&self.0))).collect()
    }

    /// The networks that Docker itself tells, where no rule does.
    fn told(&self) -> Vec<Network> {
        let family = self.family();
        with_docker(&self.0, |known| {
            let known = known.ok().into_iter().flat_map(Inventory::bridged);
            let networks = known.map(|(network, bridge)| Network {
                name: Some(network.name.clone()),
                bridge: bridge.to_owned(),
                subnets: of_family(&network.subnets, family),
                internal: network.internal,
                icc: network.icc,
            });
            networks.collect()
        })
    }

    /// The running containers.
    pub(super) fn containers(&self, context: &NativeCallContext) -> Native<Vec<ContainerView>> {
        let family = self.family();
        with_docker(&self.0, |known| match known {
            Ok(known) => Ok(known.containers.iter().map(|one| ContainerView(one.clone(), family)).collect()),
            Err(why) => Err(raise(context, unknown("Docker's containers", why))),
        })
    }

    /// The published ports that rules hand on; those that Docker itself tells where its rules are in nftables.
    pub(super) fn published(&self) -> Vec<PublishedView> {
        let family = self.family();
        let ports = if self.layout() == Some(Layout::Nftables) {
            with_docker(&self.0, |known| known.map_or_else(|_| Vec::new(), |known| known.published(family)))
        } else {
            docker::published(&self.0.borrow().ruleset)
        };
        ports.into_iter().map(|port| PublishedView(port, family, Rc::clone(&self.0))).collect()
    }

    /// The ports that docker-proxy alone serves, each with the bridge of its container; none where Docker cannot be asked.
    pub(super) fn proxied_bridges(&self) -> Vec<(String, Proxied)> {
        let family = self.family();
        let ruled: Vec<Published> = self.published().into_iter().map(|port| port.0).collect();
        with_docker(&self.0, |known| {
            let Ok(known) = known else { return Vec::new() };
            let bridge = |port: &Proxied| {
                let container = known.containers.iter().find(|one| one.name == port.container)?;
                // The proxy dials the container over IPv4 where it has no address of the family.
                let any = [IpAddr::from([0_u8; 4]), IpAddr::from([0_u8; 16])];
                let gateway = any.into_iter().find_map(|any| container.gateway(known, any))?;
                Some(gateway.1.to_owned())
            };
            let ports = known.proxied(family, &ruled).into_iter();
            ports.filter_map(|port| Some((bridge(&port)?, port))).collect()
        })
    }

    /// The published ports that no rule hands on, but docker-proxy.
    pub(super) fn proxied(&self, context: &NativeCallContext) -> Native<Vec<ProxiedView>> {
        let family = self.family();
        let ruled: Vec<Published> = self.published().into_iter().map(|port| port.0).collect();
        with_docker(&self.0, |known| match known {
            Ok(known) => {
                let ports = known.proxied(family, &ruled);
                Ok(ports.into_iter().map(|port| ProxiedView(port, family)).collect())
            }
            Err(why) => Err(raise(context, unknown("the ports that docker-proxy alone serves", why))),
        })
    }
}

fn of_family(subnets: &[String], family: Family) -> Vec<String> {
    subnets.iter().filter(|subnet| is_of_family(subnet, family)).cloned().collect()
}

/// A network.
#[derive(Clone)]
pub(crate) struct NetworkView(pub(super) Network, SharedSession);

impl NetworkView {
    /// Its name, where Docker itself tells.
    pub(super) fn name(&self) -> Option<String> {
        self.0.name.clone().or_else(|| {
            let bridge = &self.0.bridge;
            with_docker(&self.1, |known| Some(known.ok()?.network_of(bridge)?.name.clone()))
        })
    }

    /// Its subnets; Docker itself is asked where its rules name none, as it does not masquerade for the network.
    pub(super) fn subnets(&self) -> Vec<String> {
        if !self.0.subnets.is_empty() {
            return self.0.subnets.clone();
        }
        let family = self.1.borrow().ruleset.family();
        with_docker(&self.1, |known| {
            let network = known.ok().and_then(|known| known.network_of(&self.0.bridge));
            network.map(|network| of_family(&network.subnets, family)).unwrap_or_default()
        })
    }
}

/// A running container.
#[derive(Clone)]
pub(crate) struct ContainerView(pub(super) KnownContainer, Family);

impl ContainerView {
    /// Its addresses of the family at hand, network by network.
    pub(super) fn addresses(&self) -> Vec<String> {
        let addresses = self.0.networks.iter().flat_map(|place| &place.addresses);
        let own = addresses.filter(|address| address.is_ipv4() == (self.1 == Family::Ipv4));
        own.map(IpAddr::to_string).collect()
    }
}

/// A published port.
#[derive(Clone)]
pub(crate) struct PublishedView(pub(super) Published, pub(super) Family, SharedSession);

impl PublishedView {
    /// The container's name, where Docker itself tells.
    pub(super) fn container(&self) -> Option<String> {
        self.0.container.clone().or_else(|| {
            let address = self.0.container_ip.parse().ok()?;
            let bridge = self.0.bridge.as_deref();
            with_docker(&self.2, |known| Some(known.ok()?.container_at(address, bridge)?.name.clone()))
        })
    }
}

/// A port that docker-proxy alone serves.
#[derive(Clone)]
pub(crate) struct ProxiedView(pub(super) Proxied, pub(super) Family);

/// Whether docker-proxy serves a port over IPv6; nothing where that is not known. Engines up to 26 write no rules of IPv6
/// unless they are told to, which the rules of IPv4 do not tell: there it may serve all.
pub(super) fn is_served_over_ipv6(shared: &SharedSession, number: &str, protocol: &str) -> Option<bool> {
    let is_old = docker::layout(&shared.borrow().ruleset) == Some(Layout::V19);
    with_docker(shared, |known| {
        let known = known.ok()?;
        let ruled = if is_old { Vec::new() } else { known.published(Family::Ipv6) };
        let mut ports = known.proxied(Family::Ipv6, &ruled).into_iter();
        Some(ports.any(|port| port.host_port.to_string() == number && port.protocol == protocol))
    })
}

/// Whether the host is one whose Docker keeps its rules in nftables.
fn is_nftables(shared: &SharedSession) -> bool {
    let Some(world) = shared.borrow().world.clone() else { return false };
    let watch = Rc::clone(&shared.borrow().watch);
    docker::is_nftables(watch.wait(|| world.tables()))
}

/// Hands what Docker itself tells to `read`, or why that is not known.
fn with_docker<T>(shared: &SharedSession, read: impl FnOnce(Result<&Inventory, &Unknown>) -> T) -> T {
    let Some(world) = shared.borrow().world.clone() else {
        return read(Err(&Unknown::Absent(NO_WORLD.to_owned())));
    };
    let watch = Rc::clone(&shared.borrow().watch);
    let answer = watch.wait(|| world.docker());
    if let Err(why) = answer {
        tell(shared, why);
    }
    read(answer.as_ref())
}

/// Tells the user, once in a run, that Docker gave no answer though it is there.
fn tell(shared: &SharedSession, unknown: &Unknown) {
    let is_nftables = is_nftables(shared);
    let mut session = shared.borrow_mut();
    let warning = match unknown {
        Unknown::Failed(diagnostic) => diagnostic.clone(),
        Unknown::Absent(why) if is_nftables => {
            Diagnostic::warning("docker-unreachable", "what Docker has and publishes is not known")
                .note("its rules are in nftables, where they are not read")
                .note(why.as_str())
        }
        Unknown::Absent(why) if docker::layout(&session.ruleset).is_some() => {
            Diagnostic::warning("docker-unreachable", "names of networks and containers are not known")
                .note(why.as_str())
                .help("test `docker.names_known` where a script can do without")
        }
        Unknown::Absent(_) => return,
    };
    if !session.warnings.iter().any(|told| told.code == warning.code) {
        session.warnings.push(warning);
    }
}
