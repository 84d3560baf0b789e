//! What a host told of itself, as the simulator needs it for one family.

use crate::host;
use crate::model::Family;
use crate::simulate::{Facts, Interface, Origin, Route, Subnet};

/// The facts about the host for the rules of `family`.
pub(super) fn facts(host: &host::Facts, family: Family) -> Facts {
    let interfaces = host.interfaces.iter().map(|link| interface(host, link)).collect();
    let mut routes: Vec<&host::Route> = host.routes.iter().filter(|route| counts(route)).collect();
    routes.sort_by_key(|route| route.metric);
    let routes = routes.into_iter().filter_map(route).collect();
    let mut facts = Facts::new(interfaces, routes);
    let (forwarding, bridge) = match family {
        Family::Ipv4 => ("net.ipv4.ip_forward", "net.bridge.bridge-nf-call-iptables"),
        Family::Ipv6 => ("net.ipv6.conf.all.forwarding", "net.bridge.bridge-nf-call-ip6tables"),
    };
    facts.forwarding = is_on(host, forwarding).unwrap_or(true);
    // The setting is there once the module is that looks at bridged packets.
    facts.bridge_netfilter = is_on(host, bridge).unwrap_or(false);
    facts
}

fn interface(host: &host::Facts, link: &host::Interface) -> Interface {
    let own = host.addresses.iter().filter(|address| address.interface == link.name);
    let name = link.name.replace('.', "/");
    let passes_loopback =
        |name: &str| is_on(host, &["net.ipv4.conf.", name, ".route_localnet"].concat()).unwrap_or(false);
    Interface {
        addresses: own.map(|own| Subnet { address: own.address, length: own.prefix }).collect(),
        is_bridge: link.kind.as_deref() == Some("bridge"),
        route_localnet: passes_loopback(&name) || passes_loopback("all"),
        ..Interface::new(link.name.as_str(), Origin::Told)
    }
}

fn is_on(host: &host::Facts, setting: &str) -> Option<bool> {
    host.sysctls.get(setting).map(|value| value != "0")
}

/// Routes of other tables apply to some packets alone, and which those are is not known.
fn counts(route: &host::Route) -> bool {
    route.kind == "unicast" && matches!(route.table.as_str(), "main" | "254")
}

fn route(route: &host::Route) -> Option<Route> {
    let family = if route.family == "ipv6" { Family::Ipv6 } else { Family::Ipv4 };
    let destination = match route.to.as_str() {
        "default" => Subnet::everything(family),
        to => to.parse().ok()?,
    };
    Some(Route {
        destination,
        interface: route.interface.clone()?,
        gateway: route.via,
        source: route.source,
        origin: Origin::Told,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_tells_addresses_routes_and_settings() {
        let (interfaces, addresses) = host::links(
            br#"[{"ifname":"lo","addr_info":[{"local":"127.0.0.1","prefixlen":8}]},
                {"ifname":"up.7","flags":["UP"],"addr_info":[{"local":"10.9.0.1","prefixlen":24}]},
                {"ifname":"docker0","linkinfo":{"info_kind":"bridge"},"addr_info":[{"local":"172.17.0.1","prefixlen":16}]}]"#,
        )
        .unwrap();
        let routes = host::routes(
            "ipv4",
            br#"[{"dst":"default","dev":"docker0","metric":9,"table":"main"},
                {"dst":"default","gateway":"10.9.0.254","dev":"up.7"},
                {"type":"blackhole","dst":"198.18.0.0/15"},
                {"dst":"10.0.0.0/8","dev":"docker0","table":"7"}]"#,
        )
        .unwrap();
        let sysctls = [("net.ipv4.conf.up/7.route_localnet", "1"), ("net.ipv4.ip_forward", "0")];
        let sysctls = sysctls.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let host = host::Facts { interfaces, addresses, routes, sysctls, tables: Vec::new() };
        let facts = facts(&host, Family::Ipv4);
        let uplink = facts.interface("up.7").unwrap();
        assert_eq!((uplink.route_localnet, uplink.is_bridge), (true, false));
        assert_eq!(uplink.addresses[0].to_string(), "10.9.0.1/24");
        assert!(facts.interface("docker0").unwrap().is_bridge);
        let routes: Vec<_> = facts.routes().iter().map(|route| route.interface.as_str()).collect();
        assert_eq!(routes, ["up.7", "docker0"], "the least metric first");
        assert!(!facts.forwarding && !facts.bridge_netfilter);
    }
}
