//! Docker's objects beside what Docker itself says of them: 30 containers on four networks, told from the rules alone, by
//! the daemon, and by a snapshot that is replayed elsewhere without root. Each engine takes about 10 s.
//!
//! No SCTP port is published here: docker-proxy cannot listen where the kernel has no SCTP. `tests/docker` has its rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use dwscript::model::Family;
use tempfile::TempDir;

use crate::support::engine::Engine;
use crate::support::lab::{Lab, Options};
use crate::support::process::{find, run, stdout_of, text};
use crate::support::skip::available;

const CONTAINERS: usize = 30;
const SECRETS: [&str; 3] = ["hunter-two", "hunter-three", "31536007"];

/// A published port: host address, host port, protocol, container, container port.
type Port = (String, u16, String, String, u16);

const PORTS: &str = r#"
for p in docker.published { print(`port|${if p.host_ip == () { "*" } else { p.host_ip }}|${p.host_port}|${p.protocol}|${p.container_ip}|${p.container_port}|${p.bridge}|${p.container}`); }
for n in docker.networks { print(`network|${n.bridge}|${n.subnets}|${n.internal}|${n.icc}|${n.name}`); }
"#;
const NAMES: &str = r#"
for c in docker.containers { print(`container|${c.name}|${c.addresses}|${c.networks}`); }
for p in docker.proxied { print(`proxied|${if p.host_ip == () { "*" } else { p.host_ip }}|${p.host_port}|${p.protocol}|${p.container}|${p.container_port}`); }
print(`host|${host.addresses}|${docker.names_known}`);
append("INPUT", "-p tcp --dport 22 -j ACCEPT");
"#;

/// The host: its lab, a folder that everybody can read, with the program and the scripts in it.
struct Host {
    lab: Lab,
    folder: TempDir,
}

impl Host {
    fn new(engine: Engine) -> Option<Self> {
        let lab = available(Lab::with(Options { engine, ..Options::default() }))?;
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let host = Self { lab, folder };
        fs::copy(env!("CARGO_BIN_EXE_dwscript"), host.path("dwscript")).unwrap();
        fs::write(host.path("ports.rhai"), PORTS).unwrap();
        fs::write(host.path("names.rhai"), [PORTS, NAMES].concat()).unwrap();
        host.lab.docker(&["network", "create", "app"]);
        host.lab.docker(&["network", "create", "--internal", "back"]);
        let quiet = "com.docker.network.bridge.enable_icc=false";
        host.lab.docker(&["network", "create", "-o", quiet, "--subnet", "172.30.7.0/24", "quiet"]);
        host.run_containers();
        host.lab.docker(&["network", "connect", "back", "c1"]);
        Some(host)
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// Starts all containers, four at a time.
    fn run_containers(&self) {
        std::thread::scope(|scope| {
            for first in 0..4 {
                scope.spawn(move || {
                    (first..CONTAINERS).step_by(4).for_each(|number| self.run_container(number));
                });
            }
        });
    }

    fn run_container(&self, number: usize) {
        let network = ["bridge", "app", "quiet"][number % 3];
        let ports = match number % 5 {
            0 => vec![format!("{}:80", 8000 + number)],
            1 => vec![format!("127.0.0.1:{}:81", 8100 + number)],
            2 => vec![format!("10.9.0.1:{}:82/udp", 8200 + number)],
            3 => vec![format!("{0}-{1}:6000-6002/udp", 9000 + 3 * number, 9002 + 3 * number)],
            _ => vec![
                format!("0.0.0.0:{}:83", 8300 + number),
                format!("{}:83", 8400 + number),
                format!("10.9.0.1:{}:83", 8500 + number),
            ],
        };
        let name = format!("c{number}");
        let secret = format!("PASSWORD={}", SECRETS[0]);
        let label = format!("token={}", SECRETS[1]);
        let mut args = vec!["run", "-d", "--stop-timeout", "1", "--name", &name, "--network", network];
        args.extend(["-e", &secret, "-l", &label]);
        ports.iter().for_each(|port| args.extend(["-p", port]));
        args.extend(["dwlab:1", "sleep", SECRETS[2]]);
        self.lab.docker(&args);
    }

    /// What a script prints, its lines by their first word; the rest of the run must be fine.
    #[track_caller]
    fn said(&self, args: &[&str]) -> (BTreeMap<String, Vec<Vec<String>>>, String) {
        let program = self.path("dwscript");
        let output = self.lab.exec(&[&[program.as_str()], args].concat(), b"");
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        (lines(&text(&output.stderr)), text(&output.stdout))
    }

    /// What `docker ps` says of published ports, of one family.
    fn ports(&self, family: Family) -> BTreeSet<Port> {
        let said = self.lab.docker(&["ps", "--format", "{{.Names}}|{{.Ports}}"]);
        said.lines().flat_map(|line| ports_of(line, family)).collect()
    }

    /// What `docker network inspect` says of containers: their names by their addresses.
    fn names(&self) -> BTreeMap<String, String> {
        let format = "{{range .Containers}}{{.Name}}|{{.IPv4Address}}\n{{end}}";
        let said = self.lab.docker(&["network", "inspect", "-f", format, "bridge", "app", "quiet", "back"]);
        let pairs = said.lines().filter_map(|line| line.split_once('|'));
        pairs.map(|(name, ip)| (ip.split('/').next().unwrap().to_owned(), name.to_owned())).collect()
    }

    /// What it says of the networks: name, subnet, internal, icc, by their bridges.
    fn networks(&self) -> BTreeMap<String, Vec<String>> {
        let format = "{{.Name}}|{{.Id}}|{{range .IPAM.Config}}{{.Subnet}}{{end}}|{{.Internal}}|\
            {{index .Options \"com.docker.network.bridge.enable_icc\"}}";
        let said = self.lab.docker(&["network", "inspect", "-f", format, "bridge", "app", "quiet", "back"]);
        let networks = said.lines().map(|line| {
            let parts: Vec<&str> = line.split('|').collect();
            let bridge =
                if parts[0] == "bridge" { "docker0".to_owned() } else { format!("br-{}", &parts[1][..12]) };
            let icc = (parts[4] != "false").to_string();
            let network = [format!("[\"{}\"]", parts[2]), parts[3].to_owned(), icc, parts[0].to_owned()];
            (bridge, network.to_vec())
        });
        networks.collect()
    }
}

fn lines(text: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut all: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split('|').map(str::to_owned);
        let kind = words.next().unwrap_or_default();
        all.entry(kind).or_default().push(words.collect());
    }
    all
}

/// `c3|0.0.0.0:9009-9011->6000-6002/udp, [::]:9009-9011->6000-6002/udp, 127.0.0.1:8101->81/tcp`
fn ports_of(line: &str, family: Family) -> Vec<Port> {
    let (name, ports) = line.split_once('|').unwrap();
    let mut found = Vec::new();
    for (host, container) in ports.split(", ").filter_map(|port| port.split_once("->")) {
        let (ip, host_ports) = host.rsplit_once(':').unwrap();
        let ip = ip.trim_start_matches('[').trim_end_matches(']');
        if ip.contains(':') != (family == Family::Ipv6) {
            continue;
        }
        let ip = if matches!(ip, "0.0.0.0" | "::") { "*" } else { ip };
        let (container_ports, protocol) = container.split_once('/').unwrap();
        for (host_port, container_port) in range(host_ports).zip(range(container_ports)) {
            found.push((ip.to_owned(), host_port, protocol.to_owned(), name.to_owned(), container_port));
        }
    }
    found
}

fn range(text: &str) -> std::ops::RangeInclusive<u16> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    first.parse().unwrap()..=last.parse().unwrap()
}

fn port(line: &[String], name: &str) -> Port {
    (line[0].clone(), line[1].parse().unwrap(), line[2].clone(), name.to_owned(), line[4].parse().unwrap())
}

#[track_caller]
fn told_is_what_docker_says(engine: Engine) {
    let Some(host) = Host::new(engine) else { return };
    let (v4, names, networks) = (host.ports(Family::Ipv4), host.names(), host.networks());
    assert_eq!((v4.len(), names.len(), networks.len()), (54, CONTAINERS + 1, 4));
    the_rules_alone(&host, &v4, &names, &networks);
    with_the_daemon(&host, &v4, &names, &networks);
    by_a_snapshot(&host);
}

fn the_rules_alone(
    host: &Host,
    v4: &BTreeSet<Port>,
    names: &BTreeMap<String, String>,
    networks: &BTreeMap<String, Vec<String>>,
) {
    fs::write(host.path("host.rules"), host.lab.save(Family::Ipv4)).unwrap();
    let (said, _) = host.said(&[&host.path("ports.rhai"), "-i", &host.path("host.rules")]);
    let told: BTreeSet<Port> = said["port"].iter().map(|line| port(line, &names[&line[3]])).collect();
    assert_eq!(&told, v4);
    let known: BTreeMap<String, Vec<String>> = said["network"]
        .iter()
        .map(|line| {
            assert_eq!(line[4], "", "a rule has no name");
            (line[0].clone(), line[1..4].to_vec())
        })
        .collect();
    let listed: BTreeMap<String, Vec<String>> =
        networks.iter().map(|(bridge, network)| (bridge.clone(), network[..3].to_vec())).collect();
    assert_eq!(known, listed);
    // A container's bridge is that of the network that has its address.
    for line in &said["port"] {
        let subnet = &networks[&line[5]][0];
        let start = subnet.trim_start_matches("[\"").rsplit_once(".0/").unwrap().0.trim_end_matches(".0");
        assert!(line[3].starts_with(start), "{line:?} is not in {subnet}");
    }
}

fn with_the_daemon(
    host: &Host,
    v4: &BTreeSet<Port>,
    names: &BTreeMap<String, String>,
    networks: &BTreeMap<String, Vec<String>>,
) {
    let (said, _) = host.said(&[&host.path("names.rhai")]);
    let told: BTreeSet<Port> = said["port"].iter().map(|line| port(line, &line[6])).collect();
    assert_eq!(&told, v4);
    let known = said["network"].iter().map(|line| (line[0].clone(), line[1..].to_vec()));
    assert_eq!(&known.collect::<BTreeMap<_, _>>(), networks);
    let expected: BTreeSet<&String> = names.values().collect();
    assert_eq!(said["container"].iter().map(|line| &line[0]).collect::<BTreeSet<_>>(), expected);
    for (address, name) in names {
        let line = said["container"].iter().find(|line| line[0] == *name).unwrap();
        assert!(line[1].contains(&format!("\"{address}\"")), "{name} has {address}: {line:?}");
    }
    let twice = said["container"].iter().find(|line| line[0] == "c1").unwrap();
    assert_eq!(twice[2], "[\"app\", \"back\"]");
    assert!(!said.contains_key("proxied"), "each IPv4 port has its rule: {:?}", said["proxied"]);
    assert!(said["host"][0][0].contains("\"10.9.0.1\"") && said["host"][0][1] == "true");
    // No network here has IPv6, and docker-proxy listens on it all the same.
    let (said, _) = host.said(&[&host.path("names.rhai"), "-6"]);
    let proxied = said["proxied"].iter().map(|line| port(line, &line[3]));
    assert_eq!(proxied.collect::<BTreeSet<_>>(), host.ports(Family::Ipv6));
    assert!(!said.contains_key("port"));
}

/// Taken on the host, and replayed by nobody in an empty network namespace.
fn by_a_snapshot(host: &Host) {
    let file = host.path("host.json");
    host.said(&["snapshot", "-o", &file]);
    let written = fs::read_to_string(&file).unwrap();
    for secret in SECRETS {
        assert!(!written.contains(secret), "{secret} is in the snapshot");
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let Some(setpriv) = available(find("setpriv")) else { return };
    for family in ["-4", "-6"] {
        let script = host.path("names.rhai");
        let (live, ruleset) = host.said(&[&script, family]);
        let mut command = Command::new("unshare");
        command.args(["--net", "--", &setpriv.to_string_lossy(), "--reuid=65534", "--regid=65534"]);
        command.args(["--clear-groups", &host.path("dwscript"), &script, family, "--snapshot", &file]);
        let output = run(&mut command, b"");
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(lines(&text(&output.stderr)), live);
        assert_eq!(content(&stdout_of(&output)), content(&ruleset));
    }
    assert!(written.contains("\"net.ipv4.ip_forward\": \"1\"") && written.contains("\"docker\""));
}

/// A ruleset without its comments, which say when it was read.
fn content(ruleset: &str) -> Vec<&str> {
    ruleset.lines().filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn objects_are_what_docker_says_on_engine_20() {
    told_is_what_docker_says(Engine::Installed);
}

#[test]
fn objects_are_what_docker_says_on_engine_26() {
    told_is_what_docker_says(Engine::Trixie);
}

#[test]
fn objects_are_what_docker_says_on_the_newest_engine() {
    told_is_what_docker_says(Engine::Sid);
}

#[test]
fn contexts_are_heeded_and_a_client_that_fails_is_told() {
    let Some(lab) = available(Lab::new()) else { return };
    lab.docker(&["network", "create", "app"]);
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("names.rhai");
    fs::write(&script, "for n in docker.networks { print(n.name); } print(docker.names_known);").unwrap();
    let said = |variables: &str| {
        // The lab's own settings are taken away, so that these alone can lead to its engine.
        let shell = format!(
            "socket=$DOCKER_HOST; unset DOCKER_HOST; export DOCKER_CONFIG={}; {variables} exec {} {}",
            folder.path().display(),
            env!("CARGO_BIN_EXE_dwscript"),
            script.display()
        );
        text(&lab.exec(&["sh", "-c", &shell], b"").stderr)
    };
    let create = "DOCKER_CONTEXT= docker context create lab --docker \"host=$socket\" >/dev/null;";
    let named = said(&format!("{create} DOCKER_CONTEXT=lab"));
    assert!(named.contains("app\n") && named.ends_with("true\n"), "{named}");
    let failed = said("DOCKER_HOST=unix:///run/there-is-no-such.sock");
    assert!(failed.contains("false\n") && failed.contains("warning[docker-unreachable]"), "{failed}");
    assert!(failed.contains("Cannot connect") || failed.contains("connect"), "{failed}");
}
