//! What a real engine does to a ruleset when it starts, when a network is created and when a container starts, against
//! what `docker::restart` predicts.
//!
//! The rules of a user are planted at random places of every chain. The order of networks and containers among themselves
//! within one of Docker's own chains differs from start to start, as does that of containers' rules at the end of a
//! built-in one, and is not compared; everything else is, line by line.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use dwscript::docker::is_own_chain;
use dwscript::docker::restart::{Endpoint, Event, Network, predict};
use dwscript::model::{Family, Ruleset, TableName};
use dwscript::save;
use dwscript::source::SourceFile;

use crate::support::engine::Engine;
use crate::support::lab::{Lab, Options};
use crate::support::namespace::Backend;
use crate::support::process::text;
use crate::support::skip::available;

const CONTAINERS: usize = 3;

/// How many rulesets are tried: 50 in all over the engines and backends in a soak, a tenth otherwise.
fn rounds() -> u64 {
    if std::env::var_os("DWSCRIPT_SOAK").is_some() { 17 } else { 2 }
}

#[test]
fn engine_20_does_as_predicted() {
    check(Options::default(), 20);
}

#[test]
fn engine_26_does_as_predicted() {
    check(Options { engine: Engine::Trixie, backend: Backend::Legacy, ..Options::default() }, 26);
}

#[test]
fn engine_28_does_as_predicted() {
    check(Options { engine: Engine::Sid, ..Options::default() }, 28);
}

fn check(options: Options, seed: u64) {
    let Some(lab) = available(Lab::with(options)) else { return };
    furnish(&lab);
    let mut random = Random(seed);
    for round in 0..rounds() {
        plant(&lab, &mut random);
        let before = both(&lab);
        lab.restart_engine();
        wait_for_containers(&lab);
        compare(&format!("round {round}, a start"), &before, &both(&lab), &Event::Start);
        create(&lab, round);
    }
}

/// Networks of each kind, each but the internal one with a container that comes back after a start.
fn furnish(lab: &Lab) {
    lab.docker(&["network", "create", "app"]);
    lab.docker(&["network", "create", "--internal", "inside"]);
    let apart = "com.docker.network.bridge.enable_icc=false";
    lab.docker(&["network", "create", "-o", apart, "apart"]);
    for (name, network, ports) in [
        ("web", "app", &["-p", "80:80", "-p", "443:80"] as &[&str]),
        ("solo", "bridge", &["-p", "127.0.0.1:8088:80"]),
        ("lone", "apart", &["-p", "10.9.0.1:8090:80", "-p", "5353:53/udp"]),
    ] {
        lab.run_container(name, &[&["--restart", "always", "--network", network], ports].concat(), &[]);
    }
}

/// A network comes, then a container in it; both go again.
fn create(lab: &Lab, round: u64) {
    let internal = round % 2 == 1;
    let before = both(lab);
    let kind: &[&str] = if internal { &["--internal"] } else { &[] };
    let id = lab.docker(&[&["network", "create"], kind, &["later"]].concat());
    let bridge = format!("br-{}", id.get(..12).unwrap());
    let subnet = lab.docker(&["network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "later"]);
    let network = Network { bridge: bridge.clone(), subnet, internal };
    compare(&format!("round {round}, a network"), &before, &both(lab), &Event::Network(network));
    if !internal {
        let before = both(lab);
        lab.run_container("new", &["--network", "later", "-p", "9000:90"], &[]);
        let address = lab.container_address("new", "later");
        let protocol = "tcp".to_owned();
        let endpoint = Endpoint { bridge, address, protocol, port: 90, host_port: 9000 };
        let event = Event::Container(endpoint);
        compare(&format!("round {round}, a container"), &before[..1], &both(lab)[..1], &event);
        lab.docker(&["rm", "-f", "new"]);
    }
    lab.docker(&["network", "rm", "later"]);
}

/// Both families as they are.
fn both(lab: &Lab) -> Vec<(Family, String)> {
    [Family::Ipv4, Family::Ipv6].map(|family| (family, lab.save(family))).to_vec()
}

/// Puts rules of a user at random places of every chain, in tables that the engine uses and others.
fn plant(lab: &Lab, random: &mut Random) {
    for (family, saved) in both(lab) {
        let mut script = String::new();
        let mut table = String::new();
        let mut lengths: BTreeMap<String, u64> = BTreeMap::new();
        let lines = saved.lines().chain(["COMMIT"]);
        for line in lines {
            if let Some(name) = line.strip_prefix('*') {
                name.clone_into(&mut table);
            } else if let Some(chain) = line.strip_prefix(':') {
                lengths.insert(chain.split(' ').next().unwrap().to_owned(), 0);
            } else if let Some(rule) = line.strip_prefix("-A ") {
                *lengths.get_mut(rule.split(' ').next().unwrap()).unwrap() += 1;
            } else if line == "COMMIT" && !lengths.is_empty() {
                script.push_str(&format!("*{table}\n"));
                for (chain, length) in std::mem::take(&mut lengths) {
                    for _ in 0..random.below(3) {
                        let position = 1 + random.below(length + 1);
                        script.push_str(&format!("-I {chain} {position} {}\n", rule(family, random)));
                    }
                }
                script.push_str("COMMIT\n");
            }
        }
        let output = lab.restore(family, &script, &["-n"]);
        assert!(output.status.success(), "{}\n{script}", text(&output.stderr));
    }
}

/// A rule that does nothing, unlike any other.
fn rule(family: Family, random: &mut Random) -> String {
    let address = match family {
        Family::Ipv4 => "192.0.2",
        Family::Ipv6 => "2001:db8:",
    };
    let separator = if family == Family::Ipv4 { '.' } else { ':' };
    let number = random.below(1 << 40);
    let tag = ["site", "dwscript/site x"][usize::try_from(random.below(2)).unwrap()];
    format!("-s {address}{separator}{} -m comment --comment \"{tag} {number}\"", number % 250)
}

/// Until all containers are back, with their rules.
fn wait_for_containers(lab: &Lab) {
    let begun = Instant::now();
    loop {
        let running = lab.docker(&["ps", "-q"]).lines().count();
        let rules = lab.save(Family::Ipv4).lines().filter(|line| line.contains("-j DNAT")).count();
        if running == CONTAINERS && rules == 5 {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{running} containers, {rules} rules");
        thread::sleep(Duration::from_millis(100));
    }
}

#[track_caller]
fn compare(what: &str, before: &[(Family, String)], after: &[(Family, String)], event: &Event) {
    for ((family, before), (_, after)) in before.iter().zip(after) {
        let event = match (family, event) {
            // The networks here are of IPv4: of them, nothing stands in the other family.
            (Family::Ipv6, Event::Network(_) | Event::Container(_)) => {
                assert_eq!(chains(before), chains(after), "{what}, IPv6");
                continue;
            }
            (_, event) => event,
        };
        let predicted = match predict(&parse(before, *family), event) {
            Some(predicted) => predicted.text(),
            None => before.clone(),
        };
        let (predicted, found) = (comparable(&predicted), comparable(after));
        assert_eq!(predicted, found, "{what}, {family:?}\n{before}");
    }
}

fn parse(saved: &str, family: Family) -> Ruleset {
    let source = SourceFile::from_bytes("saved", saved.as_bytes().to_vec()).unwrap();
    save::parse(&Arc::new(source), family).unwrap()
}

/// The rules by table and chain.
fn chains(saved: &str) -> BTreeMap<(String, String), Vec<String>> {
    let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut table = String::new();
    for line in saved.lines() {
        if let Some(name) = line.strip_prefix('*') {
            name.clone_into(&mut table);
        } else if let Some((chain, rule)) = line.strip_prefix("-A ").and_then(|rule| rule.split_once(' ')) {
            found.entry((table.clone(), chain.to_owned())).or_default().push(rule.to_owned());
        }
    }
    found
}

/// The same without what differs from start to start.
fn comparable(saved: &str) -> BTreeMap<(String, String), Vec<String>> {
    let mut chains = chains(saved);
    for ((table, chain), rules) in &mut chains {
        let table = TableName::ALL.into_iter().find(|known| known.as_str() == table).unwrap();
        if is_own_chain(table, chain) {
            // What is on top, what is in the middle and what is last stays in view.
            let targets = |rules: &[String]| -> Vec<String> {
                let word = |rule: &str| rule.split(' ').next().unwrap_or_default().to_owned();
                let target = |rule: &String| rule.split("-j ").nth(1).map(word).unwrap_or_default();
                rules.iter().map(target).collect()
            };
            let shape = targets(rules);
            rules.sort();
            if chain != "DOCKER-ISOLATION-STAGE-1" && chain != "DOCKER-FORWARD" {
                rules.extend(shape);
            } else if let Some(last) = shape.last().filter(|last| *last == "RETURN") {
                rules.push(last.clone());
            }
        } else {
            let of_container = |rule: &str| {
                let hairpin =
                    rule.starts_with("-s ") && rule.contains(" -d ") && rule.ends_with("MASQUERADE");
                hairpin || (table == TableName::Raw && rule.contains("! -i") && rule.ends_with("-j DROP"))
            };
            for run in rules.chunk_by_mut(|one, other| of_container(one) && of_container(other)) {
                run.sort();
            }
        }
    }
    chains
}

/// A small generator whose sequence is the same each time (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}
