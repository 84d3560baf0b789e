//! What Docker's rules tell of it: its layout, its bridges and its published ports.

mod objects;
mod told;

use std::sync::Arc;

use dwscript::docker::{self, Layout, Published};
use dwscript::model::{Family, Ruleset};
use dwscript::samples::SAMPLES;
use dwscript::save;
use dwscript::source::SourceFile;

fn read(family: Family, text: &str) -> Ruleset {
    let source = Arc::new(SourceFile::from_bytes("host.rules", text.as_bytes().to_vec()).unwrap());
    save::parse(&source, family).unwrap()
}

#[track_caller]
fn sample(name: &str, family: Family) -> Ruleset {
    let sample = SAMPLES.iter().find(|sample| sample.name == name).unwrap();
    read(family, sample.text(family).unwrap())
}

#[test]
fn the_layout_is_told_from_the_chains() {
    for sample in SAMPLES {
        for family in [Family::Ipv4, Family::Ipv6] {
            let Some(text) = sample.text(family) else { continue };
            let expected = match sample.name {
                _ if !text.contains(":DOCKER ") => None,
                name if name.starts_with("docker28.0.0") => Some(Layout::V28Sets),
                name if name.starts_with("docker28") => Some(Layout::V28),
                name if name.starts_with("docker29") => Some(Layout::V29),
                _ => Some(Layout::V19),
            };
            assert_eq!(docker::layout(&read(family, text)), expected, "{}", sample.name);
        }
    }
    let layout = |text| docker::layout(&read(Family::Ipv4, text)).map(Layout::as_str);
    assert_eq!(layout(include_str!("../check/docker-28.0.0.rules")), Some("28.0.0"));
    assert_eq!(layout(include_str!("../check/docker-29.rules")), Some("29"));
    assert_eq!(layout("*filter\n:DOCKER-USER - [0:0]\nCOMMIT\n"), None);
}

#[track_caller]
fn has_bridges(ruleset: &Ruleset, expected: &[&str]) {
    let bridges = docker::bridges(ruleset);
    assert_eq!(bridges.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn bridges_of_each_layout() {
    has_bridges(&sample("docker19-containers", Family::Ipv4), &["br-10e4bb630db4", "docker0"]);
    has_bridges(&sample("docker26-internal-network", Family::Ipv4), &INTERNAL_26);
    has_bridges(&sample("docker28-internal-network", Family::Ipv4), &INTERNAL_28);
    has_bridges(&sample("docker20-ip6tables", Family::Ipv6), &["br-b100b72a9745", "docker0"]);
    has_bridges(&sample("docker28-fresh", Family::Ipv4), &["docker0"]);
    has_bridges(&sample("docker28-fresh", Family::Ipv6), &[]);
    has_bridges(&read(Family::Ipv4, include_str!("../check/docker-28.0.0.rules")), &["docker0"]);
    has_bridges(
        &read(Family::Ipv4, include_str!("../check/docker-29.rules")),
        &["br-7c9dc923e29c", "docker0"],
    );
    has_bridges(
        &read(Family::Ipv4, include_str!("../check/docker-swarm-ingress.rules")),
        &["docker_gwbridge"],
    );
}

const INTERNAL_26: [&str; 3] = ["br-c9b5ca7f4041", "br-f7edbc142268", "docker0"];
const INTERNAL_28: [&str; 3] = ["br-7c9dc923e29c", "br-fa9bbfd4b95f", "docker0"];

#[test]
fn bridges_may_have_names_of_their_own() {
    let ruleset = sample("docker20-named-bridge-no-masq-host-binding", Family::Ipv4);
    let generated = ["br-a7a265bb5a2e", "br-bf067c557659", "br-f497f0f0bc94", "br-f6fffc594a04"];
    has_bridges(&ruleset, &[&generated[..], &["br0front", "docker0"]].concat());
    assert_eq!(docker::bridge_patterns(&ruleset, &[]), ["docker0", "br-+", "br0front"]);
}

#[test]
fn an_uplink_in_dockers_chains_is_no_bridge() {
    let rules = [
        "-A DOCKER -i eth0 -s 203.0.113.0/24 -j DROP",
        "-A DOCKER -i eth0 -o docker0 -j ACCEPT",
        "-A DOCKER -o eth0 -j ACCEPT",
        "-A DOCKER-ISOLATION-STAGE-1 -i eth0 -j RETURN",
        "-A DOCKER-ISOLATION-STAGE-2 -o eth0 -p tcp -j DROP",
        "-A FORWARD -i eth0 -o eth1 -j ACCEPT",
        "-A FORWARD -i eth0 -j DOCKER",
    ];
    let chains = ":DOCKER - [0:0]\n:DOCKER-ISOLATION-STAGE-1 - [0:0]\n:DOCKER-ISOLATION-STAGE-2 - [0:0]\n";
    let docker = "-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT\n";
    for rule in rules {
        has_bridges(&read(Family::Ipv4, &format!("*filter\n{chains}{docker}{rule}\nCOMMIT\n")), &["docker0"]);
    }
}

#[test]
fn the_pattern_for_all_bridges_stands_only_where_all_are_dockers() {
    let ruleset = sample("docker28-published", Family::Ipv4);
    assert_eq!(docker::bridge_patterns(&ruleset, &[]), ["docker0", "br-+"]);
    let interfaces = ["eth0".to_owned(), "br-lan".to_owned()];
    assert_eq!(docker::bridge_patterns(&ruleset, &interfaces), ["docker0", "br-fa9bbfd4b95f"]);
    let text = "*filter\n:DOCKER - [0:0]\n-A FORWARD -o br-0123456789ab -j DOCKER\n-A INPUT -i br-lan -j ACCEPT\nCOMMIT\n";
    assert_eq!(docker::bridge_patterns(&read(Family::Ipv4, text), &[]), ["docker0", "br-0123456789ab"]);
    assert_eq!(docker::bridge_patterns(&read(Family::Ipv4, "*filter\nCOMMIT\n"), &[]), [""; 0]);
}

#[test]
fn published_ports_are_dockers_dnat_rules() {
    let ports = docker::published(&sample("docker20-named-bridge-no-masq-host-binding", Family::Ipv4));
    assert_eq!(ports.len(), 9);
    let port =
        |host_ip: Option<&str>, host_port, protocol: &str, container: &str, container_port, bridge: &str| {
            Published {
                host_ip: host_ip.map(str::to_owned),
                host_port,
                protocol: protocol.to_owned(),
                container: None,
                container_ip: container.to_owned(),
                container_port,
                bridge: Some(bridge.to_owned()),
            }
        };
    assert_eq!(ports[0], port(None, 443, "tcp", "172.18.0.2", 80, "br-f6fffc594a04"));
    assert_eq!(ports[3], port(Some("127.0.0.1"), 7070, "tcp", "172.17.0.3", 80, "docker0"));
    assert_eq!(ports[4], port(None, 6003, "udp", "172.18.0.3", 6003, "br-f6fffc594a04"));
    assert_eq!(ports[8], port(Some("10.9.0.1"), 9443, "tcp", "172.22.0.2", 443, "br-f497f0f0bc94"));
    let ports = docker::published(&sample("docker20-ip6tables", Family::Ipv6));
    assert_eq!(ports[0], port(None, 80, "tcp", "fd00:b::2", 80, "br-b100b72a9745"));
    let ports = docker::published(&sample("docker20-no-userland-proxy", Family::Ipv4));
    assert_eq!((ports.len(), ports[0].bridge.as_deref()), (1, Some("br-fb22e0596b1a")));
    assert!(docker::published(&sample("docker28-fresh", Family::Ipv4)).is_empty());
}
