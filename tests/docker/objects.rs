//! Every capture's networks and published ports, as `objects.txt` lists them; it is written by reading the captures.

use std::fmt::Write as _;

use dwscript::docker::{self, Layout};
use dwscript::model::{Family, Ruleset, TableName};
use dwscript::samples::SAMPLES;

use super::read;

/// Rulesets that are no captures: what no engine that can be run here writes, or not in this kernel.
const WRITTEN: [(&str, Family, &str); 5] = [
    ("28.0.0", Family::Ipv4, include_str!("../check/docker-28.0.0.rules")),
    ("29", Family::Ipv4, include_str!("../check/docker-29.rules")),
    ("swarm-ingress", Family::Ipv4, include_str!("../check/docker-swarm-ingress.rules")),
    ("sctp-snat-no-proxy", Family::Ipv4, include_str!("sctp-snat-no-proxy.rules")),
    ("two-networks-v6", Family::Ipv6, include_str!("two-networks-v6.rules")),
];

/// What is told of a ruleset, a line each.
fn objects(ruleset: &Ruleset) -> String {
    let mut text = String::new();
    let layout = docker::layout(ruleset).map_or("no layout", Layout::as_str);
    let user =
        ruleset.chain_id(TableName::Filter, docker::USER_CHAIN).map_or("no user chain", |_| "user chain");
    writeln!(text, "  {layout}, {user}").unwrap();
    for network in docker::networks(ruleset) {
        let subnets = if network.subnets.is_empty() { "-".to_owned() } else { network.subnets.join(",") };
        let internal = if network.internal { " internal" } else { "" };
        let icc = if network.icc { "" } else { " no-icc" };
        writeln!(text, "  network {} {subnets}{internal}{icc}", network.bridge).unwrap();
        assert_eq!(network.name, None);
    }
    for port in docker::published(ruleset) {
        writeln!(
            text,
            "  port {} {} {} to {} {} on {}",
            port.host_ip.as_deref().unwrap_or("*"),
            port.host_port,
            port.protocol,
            port.container_ip,
            port.container_port,
            port.bridge.as_deref().unwrap_or("-"),
        )
        .unwrap();
        assert_eq!(port.container, None);
    }
    text
}

#[test]
fn the_objects_of_each_ruleset_are_those_that_it_was_read_to_have() {
    let mut all = String::new();
    for sample in SAMPLES {
        for family in [Family::Ipv4, Family::Ipv6] {
            let Some(text) = sample.text(family) else { continue };
            writeln!(all, "{} {}", sample.name, family.as_str()).unwrap();
            all += &objects(&read(family, text));
        }
    }
    for (name, family, text) in WRITTEN {
        writeln!(all, "{name} {}", family.as_str()).unwrap();
        all += &objects(&read(family, text));
    }
    let expected = include_str!("objects.txt");
    for (number, (told, listed)) in all.lines().zip(expected.lines()).enumerate() {
        assert_eq!(told, listed, "line {} of objects.txt", number + 1);
    }
    assert_eq!(all.lines().count(), expected.lines().count());
}
