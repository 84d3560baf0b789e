//! What Docker itself tells of its networks and containers, by its client's JSON: their names above all, which no rule has.
//!
//! Source: the Engine API's `NetworkInspect` and `ContainerInspect`, as `docker network inspect` and `docker inspect` print
//! them. What is not listed here is not kept: environment variables, labels and commands of containers hold secrets.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The driver whose networks are bridges of the host.
const BRIDGE: &str = "bridge";
/// How the options of that driver begin.
const OPTION: &str = "com.docker.network.bridge.";
/// How many characters of a network's identifier are in the name of its bridge.
const IDENTIFIER: usize = 12;

/// The networks and running containers of an engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Its networks, of all drivers.
    pub networks: Vec<KnownNetwork>,
    /// Its running containers.
    pub containers: Vec<KnownContainer>,
}

/// A network as Docker tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownNetwork {
    /// Its name.
    pub name: String,
    /// Its driver: `bridge`, `overlay`, `macvlan`, `host` and so on.
    pub driver: String,
    /// Its bridge, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<String>,
    /// Its subnets, of both families.
    pub subnets: Vec<String>,
    /// Whether it has no way out.
    pub internal: bool,
    /// Whether its containers reach each other.
    pub icc: bool,
}

/// A running container as Docker tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownContainer {
    /// Its name.
    pub name: String,
    /// The networks that it is in, by their names.
    pub networks: Vec<Attachment>,
    /// The ports that it publishes.
    pub ports: Vec<Binding>,
}

/// A container's place in a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The network's name.
    pub network: String,
    /// The container's addresses in it.
    pub addresses: Vec<IpAddr>,
    /// Which of its networks is the container's way out: the one with the most, from 28 on.
    #[serde(default)]
    pub gateway_priority: i64,
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Binding {
    /// The address of the host; the unspecified one of its family for all of them.
    pub host_ip: IpAddr,
    /// The port of the host.
    pub host_port: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// The port of the container.
    pub container_port: u16,
}

impl Inventory {
    /// Reads what the client printed: an object a line, of [`Inventory::NETWORK_FORMAT`] and of
    /// [`Inventory::CONTAINER_FORMAT`].
    ///
    /// # Errors
    /// That a line is no such object.
    pub fn parse(networks: &str, containers: &str) -> Result<Self, serde_json::Error> {
        let networks: Vec<NetworkText> = objects(networks)?;
        let containers: Vec<ContainerText> = objects(containers)?;
        let mut inventory = Self {
            networks: networks.into_iter().map(KnownNetwork::from).collect(),
            containers: containers.into_iter().map(KnownContainer::from).collect(),
        };
        // The client lists the newest first, which says nothing to whoever reads a list of names.
        inventory.networks.sort_by(|one, other| one.name.cmp(&other.name));
        inventory.containers.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(inventory)
    }

    /// What `docker network inspect --format` is to print.
    pub const NETWORK_FORMAT: &str = r#"{"id":{{json .ID}},"name":{{json .Name}},"driver":{{json .Driver}},"internal":{{json .Internal}},"subnets":{{json .IPAM.Config}},"options":{{json .Options}}}"#;
    /// What `docker inspect --format` is to print.
    pub const CONTAINER_FORMAT: &str = r#"{"name":{{json .Name}},"networks":{{json .NetworkSettings.Networks}},"ports":{{json .NetworkSettings.Ports}}}"#;

    /// The network that has a bridge.
    #[must_use]
    pub fn network_of(&self, bridge: &str) -> Option<&KnownNetwork> {
        self.networks.iter().find(|network| network.bridge.as_deref() == Some(bridge))
    }

    /// The networks that have a bridge of the host.
    pub fn bridged(&self) -> impl Iterator<Item = (&KnownNetwork, &str)> {
        self.networks.iter().filter_map(|network| Some((network, network.bridge.as_deref()?)))
    }

    /// The container with an address; in the network with `bridge`, where that is known.
    #[must_use]
    pub fn container_at(&self, address: IpAddr, bridge: Option<&str>) -> Option<&KnownContainer> {
        let network = bridge.and_then(|bridge| self.network_of(bridge)).map(|network| network.name.as_str());
        self.containers.iter().find(|container| {
            let mut places = container.networks.iter();
            places.any(|place| {
                place.addresses.contains(&address) && network.is_none_or(|network| place.network == network)
            })
        })
    }
}

impl KnownContainer {
    /// Its place in the network that its published ports go through: of those that are no internal ones the network with
    /// the highest priority, then the first by name (moby's `Endpoint.Less`, `libnetwork/sandbox.go`).
    #[must_use]
    pub fn gateway<'c>(&'c self, inventory: &'c Inventory, family_of: IpAddr) -> Option<(IpAddr, &'c str)> {
        let places = self.networks.iter().filter_map(|place| {
            let network = inventory.networks.iter().find(|network| network.name == place.network)?;
            let bridge = network.bridge.as_deref().filter(|_| !network.internal)?;
            let own = place.addresses.iter().find(|own| own.is_ipv4() == family_of.is_ipv4())?;
            Some((place, *own, bridge))
        });
        let first = places.min_by_key(|(place, ..)| (-place.gateway_priority, place.network.as_str()));
        first.map(|(_, address, bridge)| (address, bridge))
    }
}

/// The objects of a text, one behind the other.
fn objects<T: for<'t> Deserialize<'t>>(text: &str) -> Result<Vec<T>, serde_json::Error> {
    serde_json::Deserializer::from_str(text).into_iter().collect()
}

#[derive(Deserialize)]
struct NetworkText {
    id: String,
    name: String,
    driver: String,
    internal: bool,
    subnets: Option<Vec<SubnetText>>,
    options: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct SubnetText {
    #[serde(rename = "Subnet", default)]
    subnet: String,
}

impl From<NetworkText> for KnownNetwork {
    fn from(text: NetworkText) -> Self {
        let options = text.options.unwrap_or_default();
        let option = |name: &str| options.get(&[OPTION, name].concat());
        let generated = || text.id.get(..IDENTIFIER).map(|identifier| ["br-", identifier].concat());
        let is_bridge = text.driver == BRIDGE;
        let bridge = if is_bridge {
            option("name").filter(|name| !name.is_empty()).cloned().or_else(generated)
        } else {
            None
        };
        let subnets = text.subnets.unwrap_or_default().into_iter().map(|config| config.subnet);
        Self {
            bridge,
            subnets: subnets.filter(|subnet| !subnet.is_empty()).collect(),
            icc: option("enable_icc").is_none_or(|value| value != "false"),
            name: text.name,
            driver: text.driver,
            internal: text.internal,
        }
    }
}

#[derive(Deserialize)]
struct ContainerText {
    name: String,
    networks: Option<BTreeMap<String, Option<EndpointText>>>,
    ports: Option<BTreeMap<String, Option<Vec<PortText>>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct EndpointText {
    #[serde(rename = "IPAddress")]
    ip_address: String,
    #[serde(rename = "GlobalIPv6Address")]
    global_ipv6_address: String,
    gw_priority: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PortText {
    host_ip: String,
    host_port: String,
}

impl From<ContainerText> for KnownContainer {
    fn from(text: ContainerText) -> Self {
        let networks = text.networks.unwrap_or_default().into_iter().map(|(network, endpoint)| {
            let endpoint = endpoint.unwrap_or_default();
            let texts = [&endpoint.ip_address, &endpoint.global_ipv6_address];
            let addresses = texts.into_iter().filter_map(|text| text.parse().ok()).collect();
            Attachment { network, addresses, gateway_priority: endpoint.gw_priority }
        });
        let ports = text.ports.unwrap_or_default().into_iter().flat_map(|(port, bindings)| {
            let bindings = bindings.unwrap_or_default();
            bindings.into_iter().filter_map(move |binding| binding_of(&port, &binding))
        });
        let mut ports: Vec<Binding> = ports.collect();
        ports.sort();
        Self { name: text.name.trim_start_matches('/').to_owned(), networks: networks.collect(), ports }
    }
}

/// What `80/tcp` is bound to.
fn binding_of(port: &str, binding: &PortText) -> Option<Binding> {
    let (number, protocol) = port.split_once('/')?;
    // An engine before 20.10 leaves the address out for all of IPv4.
    let host_ip = if binding.host_ip.is_empty() { "0.0.0.0" } else { &binding.host_ip };
    Some(Binding {
        host_ip: host_ip.parse().ok()?,
        host_port: binding.host_port.parse().ok()?,
        protocol: protocol.to_owned(),
        container_port: number.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORKS: &str = r#"{"id":"0123456789abcdef","name":"app","driver":"bridge","internal":false,"subnets":[{"Subnet":"172.18.0.0/16","Gateway":"172.18.0.1"},{"Subnet":"fd00:1::/64"}],"options":{}}
{"id":"b0","name":"bridge","driver":"bridge","internal":false,"subnets":[{"Subnet":"172.17.0.0/16"}],"options":{"com.docker.network.bridge.enable_icc":"false","com.docker.network.bridge.name":"docker0"}}
{"id":"c0","name":"host","driver":"host","internal":false,"subnets":null,"options":null}
{"id":"ba9876543210","name":"back","driver":"bridge","internal":true,"subnets":[],"options":null}
"#;
    const CONTAINERS: &str = r#"{"name":"/web","networks":{"back":{"IPAddress":"172.19.0.2","GlobalIPv6Address":""},"bridge":{"NetworkID":"b0","IPAddress":"172.17.0.2","GlobalIPv6Address":"","GwPriority":0},"app":{"IPAddress":"172.18.0.2","GlobalIPv6Address":"fd00:1::2","Aliases":["x"]}},"ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}],"443/tcp":null}}
{"name":"/none","networks":{},"ports":{}}
"#;

    #[test]
    fn the_clients_objects_are_read() {
        let inventory = Inventory::parse(NETWORKS, CONTAINERS).unwrap();
        let networks: Vec<_> = inventory
            .networks
            .iter()
            .map(|network| (network.name.as_str(), network.bridge.as_deref(), network.internal, network.icc))
            .collect();
        assert_eq!(
            networks,
            [
                ("app", Some("br-0123456789ab"), false, true),
                ("back", Some("br-ba9876543210"), true, true),
                ("bridge", Some("docker0"), false, false),
                ("host", None, false, true),
            ]
        );
        assert_eq!(inventory.networks[0].subnets, ["172.18.0.0/16", "fd00:1::/64"]);
        let web = &inventory.containers[1];
        assert_eq!((web.name.as_str(), web.networks.len(), web.ports.len()), ("web", 3, 2));
        assert_eq!(web.ports[1].host_ip, "::".parse::<IpAddr>().unwrap());
        let at = |address: &str, bridge| {
            inventory.container_at(address.parse().unwrap(), bridge).map(|container| container.name.as_str())
        };
        assert_eq!(at("172.18.0.2", None), Some("web"));
        assert_eq!(at("172.18.0.2", Some("docker0")), None);
        assert_eq!(at("172.18.0.9", None), None);
    }

    #[test]
    fn ports_go_through_the_first_network_with_a_way_out() {
        let inventory = Inventory::parse(NETWORKS, CONTAINERS).unwrap();
        let web = &inventory.containers[1];
        let any = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(web.gateway(&inventory, any("0.0.0.0")), Some((any("172.18.0.2"), "br-0123456789ab")));
        assert_eq!(web.gateway(&inventory, any("::")), Some((any("fd00:1::2"), "br-0123456789ab")));
        let text = CONTAINERS.replace("\"GwPriority\":0", "\"GwPriority\":7");
        let inventory = Inventory::parse(NETWORKS, &text).unwrap();
        let gateway = inventory.containers[1].gateway(&inventory, any("0.0.0.0"));
        assert_eq!(gateway, Some((any("172.17.0.2"), "docker0")));
    }

    #[test]
    fn other_texts_are_refused() {
        assert!(Inventory::parse("{}", "").is_err());
        assert!(Inventory::parse("", "nonsense").is_err());
        assert_eq!(Inventory::parse("", "\n").unwrap(), Inventory::default());
    }
}
