//! Which packets are tried where two rulesets are compared: the usual ones, and those at the boundaries of each rule that
//! differs.

use std::collections::HashSet;
use std::net::IpAddr;

use super::differing::{Differing, Hooks, Which};
use super::exposed::stranger;
use super::given::Given;
use super::ports::{named, named_sources};
use super::scene::{Scene, after};
use crate::model::spec::{Negated, Parser, Spec};
use crate::model::value::address::Address;
use crate::model::value::protocol;
use crate::model::{Family, Ruleset};
use crate::simulate::Subnet;

/// A port that no service has.
const FREE: u16 = 40_001;
/// The most ports and addresses of one rule that are tried.
const EACH: usize = 16;

/// A packet that is tried, and what it stands for.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub(super) about: String,
    pub(super) packet: Given,
}

/// The packets so far.
pub(super) struct Probes<'s> {
    scene: &'s Scene,
    most: usize,
    seen: HashSet<String>,
    pub(super) all: Vec<Probe>,
}

impl<'s> Probes<'s> {
    pub(super) fn new(scene: &'s Scene, most: usize) -> Self {
        Self { scene, most, seen: HashSet::new(), all: Vec::new() }
    }

    fn add(&mut self, about: impl Into<String>, words: &[(&str, String)]) {
        if self.all.len() >= self.most {
            return;
        }
        let given = Given::of(words.iter().filter(|(_, value)| !value.is_empty()).cloned());
        if let Ok(packet) = given
            && self.seen.insert(packet.text.clone())
        {
            self.all.push(Probe { about: about.into(), packet });
        }
    }

    /// The usual packets: SSH, published ports, DNS, HTTPS, NTP, ping, loopback.
    pub(super) fn usual(&mut self) {
        let scene = self.scene;
        for (about, what) in [
            ("SSH", ("tcp", Some(22))),
            ("HTTPS", ("tcp", Some(443))),
            ("some TCP port", ("tcp", Some(FREE))),
            ("some UDP port", ("udp", Some(FREE))),
            ("ping", (icmp(scene.family), None)),
        ] {
            self.inward(&format!("{about} from outside"), what);
        }
        for (about, what) in [
            ("DNS", ("udp", Some(53))),
            ("DNS over TCP", ("tcp", Some(53))),
            ("HTTP", ("tcp", Some(80))),
            ("HTTPS", ("tcp", Some(443))),
            ("NTP", ("udp", Some(123))),
            ("ping", (icmp(scene.family), None)),
            ("SMTP", ("tcp", Some(25))),
        ] {
            self.outward(&format!("{about} to the outside"), what);
        }
        self.local("loopback", ("tcp", Some(5432)));
        self.local("DNS on loopback", ("udp", Some(53)));
        for port in &scene.published {
            self.published(port);
        }
    }

    /// A published port, from outside, a container and the host.
    fn published(&mut self, port: &crate::docker::Published) {
        let scene = self.scene;
        let name = format!("published {}/{}", port.protocol, port.host_port);
        let own = port.host_ip.clone().or_else(|| scene.own.map(|own| own.to_string())).unwrap_or_default();
        let to = |words: &[(&'static str, String)]| {
            let mut all = words.to_vec();
            all.extend([
                ("dst", own.clone()),
                ("proto", port.protocol.clone()),
                ("dport", port.host_port.to_string()),
            ]);
            all
        };
        self.add(
            format!("{name} from outside"),
            &to(&[("in", scene.uplink.clone()), ("src", scene.outside.to_string())]),
        );
        for bridge in &scene.bridges {
            let from = [("in", bridge.name.clone()), ("src", bridge.container.to_string())];
            self.add(format!("{name} from a container on {}", bridge.name), &to(&from));
        }
        self.add(format!("{name} from the host"), &to(&[("src", own.clone())]));
    }

    /// From outside to the host.
    fn inward(&mut self, about: &str, what: (&str, Option<u16>)) {
        let scene = self.scene;
        let words =
            [("in", scene.uplink.clone()), ("src", scene.outside.to_string()), ("dst", text(scene.own))];
        self.send(about, &words, what);
    }

    /// From the host and from containers to the outside.
    fn outward(&mut self, about: &str, what: (&str, Option<u16>)) {
        let scene = self.scene;
        let out = [("out", scene.uplink.clone()), ("dst", scene.outside.to_string())];
        self.send(&format!("{about}, from the host"), &out, what);
        for bridge in &scene.bridges {
            let words = [
                ("in", bridge.name.clone()),
                ("src", bridge.container.to_string()),
                ("dst", scene.outside.to_string()),
            ];
            self.send(&format!("{about}, from a container on {}", bridge.name), &words, what);
        }
    }

    fn local(&mut self, about: &str, what: (&str, Option<u16>)) {
        let own = match self.scene.family {
            Family::Ipv4 => "127.0.0.1",
            Family::Ipv6 => "::1",
        };
        self.send(about, &[("out", "lo".to_owned()), ("src", own.to_owned()), ("dst", own.to_owned())], what);
    }

    fn send(&mut self, about: &str, words: &[(&str, String)], (protocol, port): (&str, Option<u16>)) {
        let mut words = words.to_vec();
        words.push(("proto", protocol.to_owned()));
        words.extend(port.map(|port| ("dport", port.to_string())));
        self.add(about, &words);
    }

    /// Packets at the boundaries of the rules that differ, at most so many rules; how many were left out.
    pub(super) fn around(
        &mut self,
        differing: &Differing,
        old: &Ruleset,
        new: &Ruleset,
        most: usize,
    ) -> usize {
        let count = differing.rules.len();
        let step = count.div_ceil(most.max(1)).max(1);
        let mut parser = Parser::new();
        for (which, rule, hooks) in differing.rules.iter().step_by(step) {
            let ruleset = if *which == Which::Old { old } else { new };
            let Ok(spec) = parser.parse(ruleset.body(*rule), ruleset.family()) else { continue };
            self.rule(&spec, hooks);
            parser.recycle(spec);
        }
        count - count.div_ceil(step)
    }

    fn rule(&mut self, spec: &Spec<'_>, hooks: &Hooks) {
        let scene = self.scene;
        let about = "a packet at the boundary of a rule";
        let sources = around(spec.source(), scene.outside);
        let targets = around(spec.destination(), scene.outside);
        let far = if spec.destination().is_some() { targets.clone() } else { vec![scene.outside] };
        let has = |hook: &str| hooks.contains(hook);
        for what in whats(spec, scene.family) {
            let extra = extra(spec);
            for words in &extra {
                if has("INPUT") || has("PREROUTING") {
                    self.input(about, spec, (&sources, &targets), (&what, words));
                }
                if has("FORWARD") || has("PREROUTING") || has("POSTROUTING") {
                    self.forward(about, spec, (&sources, &far), (&what, words));
                }
                if has("OUTPUT") || has("POSTROUTING") {
                    self.output(about, &far, (&what, words));
                }
            }
        }
    }

    fn input(
        &mut self,
        about: &str,
        spec: &Spec<'_>,
        (sources, targets): (&[IpAddr], &[IpAddr]),
        what: (&What, &Words),
    ) {
        let scene = self.scene;
        let mut links = vec![scene.uplink.clone()];
        links.extend(plain(spec.in_interface()).filter(|link| *link != scene.uplink));
        let own = text(scene.own);
        for link in links {
            for source in sources {
                self.with(
                    about,
                    &[("in", link.clone()), ("src", source.to_string()), ("dst", own.clone())],
                    what,
                );
            }
            for target in targets.iter().filter(|_| spec.destination().is_some()) {
                let words =
                    [("in", link.clone()), ("src", scene.outside.to_string()), ("dst", target.to_string())];
                self.with(about, &words, what);
            }
        }
        for bridge in &scene.bridges {
            let words = [
                ("in", bridge.name.clone()),
                ("src", bridge.container.to_string()),
                ("dst", bridge.own.to_string()),
            ];
            self.with(about, &words, what);
        }
    }

    fn forward(
        &mut self,
        about: &str,
        spec: &Spec<'_>,
        (sources, far): (&[IpAddr], &[IpAddr]),
        what: (&What, &Words),
    ) {
        let scene = self.scene;
        let into = plain(spec.in_interface()).next().unwrap_or_else(|| scene.uplink.clone());
        for bridge in &scene.bridges {
            let containers = if spec.destination().is_some() { far.to_vec() } else { vec![bridge.container] };
            for source in sources {
                for container in &containers {
                    let words =
                        [("in", into.clone()), ("src", source.to_string()), ("dst", container.to_string())];
                    self.with(about, &words, what);
                }
            }
            for target in far {
                let from = [("in", bridge.name.clone()), ("src", bridge.container.to_string())];
                self.with(about, &[&from[..], &[("dst", target.to_string())]].concat(), what);
            }
            for other in scene.bridges.iter().filter(|other| other.name != bridge.name) {
                let from = [("in", bridge.name.clone()), ("src", bridge.container.to_string())];
                self.with(about, &[&from[..], &[("dst", other.container.to_string())]].concat(), what);
            }
        }
        // Published ports are dialled at the host, and what decides about them sees the container's.
        for port in &scene.published {
            for source in sources {
                let words = [
                    ("in", into.clone()),
                    ("src", source.to_string()),
                    ("dst", port.host_ip.clone().unwrap_or_else(|| text(scene.own))),
                    ("proto", port.protocol.clone()),
                    ("dport", port.host_port.to_string()),
                ];
                self.add(format!("published {}/{}", port.protocol, port.host_port), &words);
            }
        }
    }

    fn output(&mut self, about: &str, far: &[IpAddr], what: (&What, &Words)) {
        let scene = self.scene;
        for target in far {
            self.with(about, &[("out", scene.uplink.clone()), ("dst", target.to_string())], what);
        }
        for bridge in &scene.bridges {
            let words = [("out", bridge.name.clone()), ("dst", bridge.container.to_string())];
            self.with(about, &words, what);
        }
    }

    fn with(&mut self, about: &str, words: &[(&str, String)], (what, extra): (&What, &Words)) {
        let mut words = words.to_vec();
        words.push(("proto", what.protocol.clone()));
        words.extend(what.port.map(|port| ("dport", port.to_string())));
        words.extend(extra.iter().cloned());
        self.add(about, &words);
    }
}

/// What a packet carries.
struct What {
    protocol: String,
    port: Option<u16>,
}

type Words = Vec<(&'static str, String)>;

/// The protocols and ports at the boundaries of a rule.
fn whats(spec: &Spec<'_>, family: Family) -> Vec<What> {
    let of_rule = spec.protocol().filter(|protocol| !protocol.negated && protocol.value != 0);
    let protocols: Vec<u8> = of_rule.map_or_else(|| vec![6, 17], |protocol| vec![protocol.value]);
    let mut ports: Vec<u16> = Vec::new();
    for (from, to) in named(spec) {
        ports.extend([Some(from), from.checked_sub(1), Some(to), to.checked_add(1)].into_iter().flatten());
    }
    ports.dedup();
    ports.truncate(EACH);
    if ports.is_empty() {
        ports.extend([22, FREE]);
    }
    let mut found = Vec::new();
    for number in protocols {
        let has_ports = matches!(number, 6 | 17 | 33 | 132 | 136);
        let protocol = if matches!(number, protocol::ICMP | protocol::ICMPV6) {
            icmp(family).to_owned()
        } else {
            protocol::name(number)
        };
        if has_ports {
            found.extend(ports.iter().map(|port| What { protocol: protocol.clone(), port: Some(*port) }));
        } else {
            found.push(What { protocol, port: None });
        }
    }
    found
}

/// What else of a packet the rule asks for: nothing, its states, its source port, its type of ICMP.
fn extra(spec: &Spec<'_>) -> Vec<Words> {
    let mut found: Vec<Words> = vec![Vec::new()];
    let value = |name: &str| spec.option(name).filter(|option| !option.negated).map(|option| option.value);
    for option in ["icmp-type", "icmpv6-type"] {
        found.extend(value(option).map(|value| vec![("icmp-type", value)]));
    }
    let source = named_sources(spec).first().map(|(port, _)| vec![("sport", port.to_string())]);
    found.extend(source);
    for option in ["ctstate", "state"] {
        for state in value(option).unwrap_or_default().split(',') {
            if matches!(state, "ESTABLISHED" | "INVALID" | "RELATED") {
                found.push(vec![("ctstate", state.to_owned())]);
            }
        }
    }
    found
}

/// Addresses within what a rule names, and one that it does not name; that alone where it names none.
fn around(given: Option<Negated<&[Address]>>, outside: IpAddr) -> Vec<IpAddr> {
    let networks: Vec<Subnet> = given
        .map(|given| given.value.iter().filter_map(|one| one.to_string().parse().ok()).collect())
        .unwrap_or_default();
    let family = if outside.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
    let within = |network: &Subnet| {
        // The first two addresses of a network are its own and, mostly, the host's.
        let is_network = *network != Subnet::host(network.address);
        if is_network { after(after(network.address)) } else { network.address }
    };
    let mut found: Vec<IpAddr> = networks.iter().take(EACH).map(within).collect();
    found.push(stranger(family, &networks));
    found
}

fn plain(given: Option<Negated<std::borrow::Cow<'_, str>>>) -> impl Iterator<Item = String> {
    let name = given.filter(|name| !name.negated).map(|name| name.value.into_owned());
    name.filter(|name| !name.ends_with('+') && name != "lo").into_iter()
}

fn text(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "host".to_owned(), |address| address.to_string())
}

const fn icmp(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "icmp",
        Family::Ipv6 => "icmpv6",
    }
}
