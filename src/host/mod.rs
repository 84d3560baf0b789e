//! What a host is beside its rules: plain data, as a snapshot keeps it and as whoever follows a packet needs it.

mod ip;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

pub use ip::{ParseError, links, routes};

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Whether it is up.
    pub up: bool,
    /// What it is, as `ip -details link` says: `bridge`, `veth`, `vlan` and so on; none for plain hardware and loopback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The bridge or bond that it is a port of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master: Option<String>,
}

/// An address of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostAddress {
    /// The interface that has it.
    pub interface: String,
    /// The address.
    pub address: IpAddr,
    /// The length of its network's prefix.
    pub prefix: u8,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The family: `ipv4` or `ipv6`.
    pub family: String,
    /// Where to: `default`, an address, or an address with a prefix.
    pub to: String,
    /// What happens to the packet: `unicast`, `local`, `broadcast`, `blackhole` and so on, as ip-route(8) has it.
    pub kind: String,
    /// The next hop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<IpAddr>,
    /// The interface that the packet leaves by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The source address of packets that the host itself sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<IpAddr>,
    /// The table, by name or number.
    pub table: String,
    /// Among routes to the same place the one with the least counts.
    pub metric: u32,
}

/// What a host is beside its rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Its interfaces, in the kernel's order.
    pub interfaces: Vec<Interface>,
    /// Their addresses.
    pub addresses: Vec<HostAddress>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Settings of the kernel that matter to packets, by their path below `/proc/sys` with dots.
    pub sysctls: BTreeMap<String, String>,
    /// The tables of nftables, as `ip filter`; those that iptables made among them.
    pub tables: Vec<String>,
}

impl Facts {
    /// The names of the interfaces.
    #[must_use]
    pub fn interface_names(&self) -> Vec<String> {
        self.interfaces.iter().map(|interface| interface.name.clone()).collect()
    }
}
