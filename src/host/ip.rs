//! Reading what `ip -json` prints: `ip -json -details address` and `ip -json -details route`.
//!
//! Source: iproute2's `ip/ipaddress.c` and `ip/iproute.c`. Fields that are not asked for here are passed over.

use std::net::IpAddr;

use serde::Deserialize;

use super::{HostAddress, Interface, Route};

/// That the text is not what `ip -json` prints.
#[derive(Debug, thiserror::Error)]
#[error("this is not what `ip -json` prints: {0}")]
pub struct ParseError(#[from] serde_json::Error);

/// An interface with its addresses.
#[derive(Deserialize)]
struct Link {
    // iproute2 prints an empty object for what a filter left out.
    ifname: Option<String>,
    #[serde(default)]
    flags: Vec<String>,
    master: Option<String>,
    #[serde(default)]
    linkinfo: LinkInfo,
    #[serde(default)]
    addr_info: Vec<AddressInfo>,
}

#[derive(Default, Deserialize)]
struct LinkInfo {
    info_kind: Option<String>,
}

#[derive(Deserialize)]
struct AddressInfo {
    local: Option<IpAddr>,
    #[serde(default)]
    prefixlen: u8,
}

/// The interfaces and their addresses, from `ip -json -details address`.
///
/// # Errors
/// That it is no such text.
pub fn links(json: &[u8]) -> Result<(Vec<Interface>, Vec<HostAddress>), ParseError> {
    let mut interfaces = Vec::new();
    let mut addresses = Vec::new();
    for link in list::<Link>(json)? {
        let Some(name) = link.ifname else { continue };
        let own = link.addr_info.iter().filter_map(|info| {
            Some(HostAddress { interface: name.clone(), address: info.local?, prefix: info.prefixlen })
        });
        addresses.extend(own);
        interfaces.push(Interface {
            up: link.flags.iter().any(|flag| flag == "UP"),
            kind: link.linkinfo.info_kind,
            master: link.master,
            name,
        });
    }
    Ok((interfaces, addresses))
}

/// A route, or several with the next hops apart.
#[derive(Deserialize)]
struct Given {
    #[serde(rename = "type")]
    kind: Option<String>,
    dst: Option<String>,
    gateway: Option<IpAddr>,
    via: Option<Via>,
    dev: Option<String>,
    prefsrc: Option<IpAddr>,
    table: Option<String>,
    #[serde(default)]
    metric: u32,
    #[serde(default)]
    nexthops: Vec<NextHop>,
}

/// A next hop of the other family.
#[derive(Deserialize)]
struct Via {
    host: IpAddr,
}

#[derive(Deserialize)]
struct NextHop {
    gateway: Option<IpAddr>,
    dev: Option<String>,
}

/// The routes of a family, from `ip -json -details -4 route show table all`; a route with several next hops is one for each.
///
/// # Errors
/// That it is no such text.
pub fn routes(family: &str, json: &[u8]) -> Result<Vec<Route>, ParseError> {
    let mut routes = Vec::new();
    for given in list::<Given>(json)? {
        let own = NextHop { gateway: given.gateway.or(given.via.map(|via| via.host)), dev: given.dev };
        let hops = if given.nexthops.is_empty() { vec![own] } else { given.nexthops };
        routes.extend(hops.into_iter().map(|hop| Route {
            family: family.to_owned(),
            to: given.dst.clone().unwrap_or_else(|| "default".to_owned()),
            kind: given.kind.clone().unwrap_or_else(|| "unicast".to_owned()),
            via: hop.gateway,
            interface: hop.dev,
            source: given.prefsrc,
            table: given.table.clone().unwrap_or_else(|| "main".to_owned()),
            metric: given.metric,
        }));
    }
    Ok(routes)
}

/// A list; a host without any prints nothing, or a list of nothing.
fn list<T: for<'t> Deserialize<'t>>(json: &[u8]) -> Result<Vec<T>, ParseError> {
    if json.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    Ok(serde_json::from_slice(json)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_have_names_kinds_and_addresses() {
        let text = br#"[{"ifname":"lo","flags":["LOOPBACK","UP"],"addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8}]},
            {"ifname":"docker0","flags":["BROADCAST"],"linkinfo":{"info_kind":"bridge"},"addr_info":[]},
            {"ifname":"veth1","link_index":7,"flags":["UP"],"master":"docker0","linkinfo":{"info_kind":"veth","info_slave_kind":"bridge"},
             "addr_info":[{"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]},{}]"#;
        let (interfaces, addresses) = links(text).unwrap();
        let names: Vec<_> = interfaces.iter().map(|link| (link.name.as_str(), link.up)).collect();
        assert_eq!(names, [("lo", true), ("docker0", false), ("veth1", true)]);
        assert_eq!(interfaces[1].kind.as_deref(), Some("bridge"));
        assert_eq!(interfaces[2].master.as_deref(), Some("docker0"));
        let addresses: Vec<_> =
            addresses.iter().map(|own| format!("{} {}/{}", own.interface, own.address, own.prefix)).collect();
        assert_eq!(addresses, ["lo 127.0.0.1/8", "veth1 fe80::1/64"]);
    }

    #[test]
    fn routes_have_a_hop_each() {
        let text = br#"[{"type":"unicast","dst":"default","gateway":"10.9.0.2","dev":"up0","table":"main","flags":[]},
            {"type":"local","dst":"10.9.0.1","dev":"up0","table":"local","prefsrc":"10.9.0.1","metric":5},
            {"dst":"198.51.100.0/24","nexthops":[{"gateway":"10.9.0.2","dev":"up0","weight":1},{"gateway":"10.9.0.3","dev":"up1"}]},
            {"dst":"192.0.2.0/24","via":{"family":"inet6","host":"fe80::2"},"dev":"up0"}]"#;
        let routes = routes("ipv4", text).unwrap();
        let texts: Vec<_> = routes
            .iter()
            .map(|route| {
                let via = route.via.map_or_else(|| "-".to_owned(), |via| via.to_string());
                let interface = route.interface.as_deref().unwrap_or("-");
                format!("{} {} {via} {interface} {} {}", route.kind, route.to, route.table, route.metric)
            })
            .collect();
        assert_eq!(
            texts,
            [
                "unicast default 10.9.0.2 up0 main 0",
                "local 10.9.0.1 - up0 local 5",
                "unicast 198.51.100.0/24 10.9.0.2 up0 main 0",
                "unicast 198.51.100.0/24 10.9.0.3 up1 main 0",
                "unicast 192.0.2.0/24 fe80::2 up0 main 0",
            ]
        );
        assert!(super::routes("ipv4", b"\n").unwrap().is_empty());
        assert!(super::routes("ipv4", b"{").is_err());
    }
}
