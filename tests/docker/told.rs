//! What Docker itself tells, as scripts see it beside the rules.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use dwscript::docker::{self, Inventory};
use dwscript::host::HostAddress;
use dwscript::model::{Family, Ruleset};
use dwscript::script::{self, Script, Settings, Unknown, World};
use dwscript::source::SourceFile;

use super::{read, sample};

const NETWORKS: &str = r#"
{"id":"f6fffc594a04aa","name":"app","driver":"bridge","internal":false,"subnets":[{"Subnet":"172.18.0.0/16"},{"Subnet":"fd00:18::/64"}],"options":{}}
{"id":"b0","name":"bridge","driver":"bridge","internal":false,"subnets":[{"Subnet":"172.17.0.0/16"}],"options":{"com.docker.network.bridge.name":"docker0"}}
{"id":"c0","name":"host","driver":"host","internal":false,"subnets":null,"options":{}}
"#;
const CONTAINERS: &str = r#"
{"name":"/web","networks":{"app":{"IPAddress":"172.18.0.2","GlobalIPv6Address":"fd00:18::2"},"bridge":{"IPAddress":"172.17.0.7","GlobalIPv6Address":""}},
 "ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"443"},{"HostIp":"::","HostPort":"443"},{"HostIp":"0.0.0.0","HostPort":"80"},{"HostIp":"fd00:9::1","HostPort":"80"}]}}
{"name":"/solo","networks":{"bridge":{"IPAddress":"172.17.0.2","GlobalIPv6Address":""}},"ports":{"132/sctp":[{"HostIp":"0.0.0.0","HostPort":"1132"}],"53/udp":null}}
"#;

fn inventory() -> Inventory {
    Inventory::parse(NETWORKS, CONTAINERS).unwrap()
}

fn world(tables: &[&str], docker: Result<Inventory, Unknown>) -> World {
    let address = |interface: &str, text: &str, prefix| HostAddress {
        interface: interface.to_owned(),
        address: text.parse().unwrap(),
        prefix,
    };
    let addresses = vec![address("up0", "10.9.0.1", 24), address("up0", "fd00:9::1", 64)];
    World::known(Ok(addresses), tables.iter().map(|table| (*table).to_owned()).collect(), docker)
}

/// What a script prints, its warnings behind; or its error.
fn said(ruleset: Ruleset, world: World, text: &str) -> String {
    let printed = Arc::new(Mutex::new(String::new()));
    let out = Arc::clone(&printed);
    let settings = Settings {
        interfaces: vec!["up0".to_owned(), "docker0".to_owned()],
        world: Some(Arc::new(world)),
        print: Some(Arc::new(move |line| writeln!(out.lock().unwrap(), "{line}").unwrap())),
        ..Settings::default()
    };
    let source = Arc::new(SourceFile::from_bytes("site.rhai", text.as_bytes().to_vec()).unwrap());
    let script = Script { source, path: PathBuf::from("site.rhai") };
    let diagnostics = match script::run(&[script], ruleset, &settings) {
        Ok(outcome) => outcome.diagnostics,
        Err(failure) => failure.diagnostics,
    };
    let mut said = printed.lock().unwrap().clone();
    for told in diagnostics {
        writeln!(said, "{}: {} {:?}", told.code, told.message, told.notes).unwrap();
    }
    said
}

const OBJECTS: &str = r"
print(`${docker.present} ${docker.layout} ${docker.backend} ${docker.user_chain} ${docker.names_known} ${docker.bridges}`);
for n in docker.networks { print(`${n.name} ${n.bridge} ${n.subnets} ${n.internal} ${n.icc}`); }
for p in docker.published { print(`${p.host_ip} ${p.host_port} ${p.protocol} ${p.container} ${p.container_ip} ${p.container_port} ${p.bridge} ${p.family}`); }
for c in docker.containers { print(`${c.name} ${c.addresses} ${c.networks}`); }
for p in docker.proxied { print(`${p.host_ip} ${p.host_port} ${p.protocol} ${p.container} ${p.container_port} ${p.family}`); }
print(`${host.addresses} ${host.interfaces}`);
";

#[test]
fn names_come_from_docker_and_the_rest_from_its_rules() {
    let text = said(sample("docker20-published", Family::Ipv4), world(&[], Ok(inventory())), OBJECTS);
    let expected = r#"true 19.03 iptables DOCKER-USER true ["docker0", "br-+"]
app br-f6fffc594a04 ["172.18.0.0/16"] false true
bridge docker0 ["172.17.0.0/16"] false true
 443 tcp web 172.18.0.2 80 br-f6fffc594a04 ipv4
 80 tcp web 172.18.0.2 80 br-f6fffc594a04 ipv4
 8090 tcp solo 172.17.0.2 80 docker0 ipv4
127.0.0.1 7070 tcp  172.17.0.3 80 docker0 ipv4
 6003 udp  172.18.0.3 6003 br-f6fffc594a04 ipv4
 6002 udp  172.18.0.3 6002 br-f6fffc594a04 ipv4
 6001 udp  172.18.0.3 6001 br-f6fffc594a04 ipv4
 6000 udp  172.18.0.3 6000 br-f6fffc594a04 ipv4
solo ["172.17.0.2"] ["bridge"]
web ["172.18.0.2", "172.17.0.7"] ["app", "bridge"]
 1132 sctp solo 132 ipv4
["10.9.0.1"] ["up0", "docker0"]
"#;
    assert_eq!(text, expected);
}

#[test]
fn ports_that_docker_proxy_alone_serves_are_told() {
    let text = said(sample("docker20-fresh", Family::Ipv6), world(&[], Ok(inventory())), OBJECTS);
    let expected = r#"false    true []
app br-f6fffc594a04 ["fd00:18::/64"] false true
bridge docker0 [] false true
solo [] ["bridge"]
web ["fd00:18::2"] ["app", "bridge"]
 443 tcp web 80 ipv6
fd00:9::1 80 tcp web 80 ipv6
["fd00:9::1"] ["up0", "docker0"]
"#;
    assert_eq!(text, expected);
}

#[test]
fn an_engine_over_nftables_is_told_by_its_tables() {
    let tables = ["ip filter", "ip docker-bridges", "ip6 docker-bridges"];
    let text = said(read(Family::Ipv4, ""), world(&tables, Ok(inventory())), OBJECTS);
    let expected = r#"true nftables nftables  true ["docker0", "br-+"]
app br-f6fffc594a04 ["172.18.0.0/16"] false true
bridge docker0 ["172.17.0.0/16"] false true
 1132 sctp solo 172.17.0.2 132 docker0 ipv4
 80 tcp web 172.18.0.2 80 br-f6fffc594a04 ipv4
 443 tcp web 172.18.0.2 80 br-f6fffc594a04 ipv4
solo ["172.17.0.2"] ["bridge"]
web ["172.18.0.2", "172.17.0.7"] ["app", "bridge"]
["10.9.0.1"] ["up0", "docker0"]
"#;
    assert_eq!(text, expected);
    // What an older engine left behind does not count.
    let text = said(
        sample("docker20-published", Family::Ipv4),
        world(&tables, Ok(inventory())),
        "print(docker.layout);",
    );
    assert_eq!(text, "nftables\n");
    assert!(docker::is_nftables(&["ip6 docker-bridges".to_owned()]));
    assert!(!docker::is_nftables(&["bridge docker-bridges".to_owned(), "inet filter".to_owned()]));
}

#[test]
fn without_docker_names_are_unit_and_said_to_be() {
    let absent = || Err(Unknown::Absent("there is no docker".to_owned()));
    let names = "print(docker.names_known); print(docker.networks[0].name == ()); print(docker.published[0].container == ());";
    let warning =
        "docker-unreachable: names of networks and containers are not known [\"there is no docker\"]\n";
    let text = said(sample("docker28-published", Family::Ipv4), world(&[], absent()), names);
    assert_eq!(text, format!("false\ntrue\ntrue\n{warning}"));
    // Where nothing of Docker's is, nobody misses its names.
    let text = said(
        read(Family::Ipv4, ""),
        world(&[], absent()),
        "print(docker.names_known); print(docker.networks.len());",
    );
    assert_eq!(text, "false\n0\n");
    let asks = "try { docker.containers } catch (e) { print(e.code); } docker.proxied";
    let text = said(read(Family::Ipv4, ""), world(&[], absent()), asks);
    let error =
        "host-unknown: the ports that docker-proxy alone serves are not known [\"there is no docker\"]\n";
    assert_eq!(text, format!("host-unknown\n{error}"));
}

#[test]
fn what_is_read_of_docker_cannot_be_assigned() {
    for assignment in [
        "docker.networks[0].name = \"x\";",
        "docker.containers[0].addresses.push(1);",
        "docker.published[0].container = 1;",
        "docker.proxied[0].host_port = 1;",
        "host.addresses = [];",
        "docker.networks.push(1);",
    ] {
        let text = said(sample("docker20-published", Family::Ipv4), world(&[], Ok(inventory())), assignment);
        assert!(text.starts_with("read-only: "), "{assignment} {text}");
    }
}
