//! What scripts' helpers for published ports and networks do, and the shipped scripts on them, by packets on real engines.

use dwscript::model::Family;

use super::connectivity::{Column, assert_cells, column};
use crate::support::agent::{Knock, Outcome, Probe, probe};
use crate::support::command::{Folder, Printed};
use crate::support::engine::Engine;
use crate::support::lab::{CLIENT, HOST, HOST6, Options};
use crate::support::scene::{Cells, Scene};
use crate::support::skip::available;

/// The client's other address.
const NEIGHBOUR: &str = "10.9.0.3";

/// Ports: one for the client in both families, one for nobody here, one for the client over IPv4 alone, one for the host.
const PORTS: &str = r#"
for port in docker.published { if port.host_port == 443 { restrict(port, ["10.9.0.2", "fd00:9::2"]); } }
if family == "ipv6" { restrict(443, ["10.9.0.2", "fd00:9::2"]); }
restrict(80, ["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"]);
restrict("8090/tcp", "10.9.0.2");
host_only(8088);
"#;

/// Networks, by a name and by an object; and the match for a rule of one's own.
const NETWORKS: &str = r#"
let first = docker.networks.filter(|network| network.bridge == "docker0");
if docker.user_chain != () { prepend("DOCKER-USER", published(443).from("10.9.0.3").drop()); }
if family == "ipv4" { block_between("app", first[0]); egress("side", ["10.9.0.2"]); }
"#;

struct Host {
    scene: Scene,
    folder: Folder,
}

impl Host {
    fn new(options: Options) -> Option<Self> {
        let scene = available(Scene::new(options))?;
        let script =
            |name: &'static str| (name, std::fs::read_to_string(["scripts/", name].concat()).unwrap());
        let scripts = ["harden.rhai", "restrict-published.rhai", "egress.rhai", "isolate.rhai"].map(script);
        let mut files: Vec<(&str, &str)> =
            scripts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        files.extend([("ports.rhai", PORTS), ("networks.rhai", NETWORKS)]);
        Some(Self { scene, folder: Folder::new(&files) })
    }

    /// Applies scripts to both families; what was said.
    #[track_caller]
    fn apply(&self, scripts: &[&str], args: &[&str]) -> String {
        let path = |name: &str| self.folder.path().join(name).to_string_lossy().into_owned();
        let (scripts, state) = (scripts.iter().map(|name| path(name)).collect::<Vec<_>>(), path("state"));
        let mut words = vec![env!("CARGO_BIN_EXE_dwscript")];
        words.extend(scripts.iter().map(String::as_str));
        words.extend(["--apply", "--no-confirm", "--state-dir", &state]);
        words.extend(args);
        let run = Printed::from(self.scene.lab.exec(&words, b""));
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        [run.stdout, run.stderr].concat()
    }

    /// Takes an owner's rules off, by scripts that add none.
    fn drop_rules(&self, owner: &str) {
        self.folder.write("none.rhai", &format!("owner(\"{owner}\");"));
        self.apply(&["none.rhai"], &[]);
        let rules = [Family::Ipv4, Family::Ipv6].map(|family| own_rules(&self.scene.lab.save(family)));
        assert_eq!(rules, [Vec::<String>::new(), Vec::new()]);
    }

    /// Whether a page comes from a published port to the client at one of its addresses.
    fn serves(&self, from: &str, port: u16) -> bool {
        let url = format!("http://{HOST}:{port}/");
        self.scene.lab.client(&["curl", "-sS", "-m", "2", "--interface", from, &url]).status.success()
    }

    /// Outcomes of further probes: the host at its own address, and the client over IPv6.
    fn more(&self) -> Cells {
        let lab = &self.scene.lab;
        let host = [
            Probe::new("host-own-80", Knock::Tcp, HOST, 80, "web"),
            Probe::new("host-own-8088", Knock::Tcp, HOST, 8088, "solo"),
        ];
        let client = [
            Probe::new("client6-published-443", Knock::Tcp, HOST6, 443, "web"),
            Probe::new("client6-published-8090", Knock::Tcp, HOST6, 8090, "peer"),
        ];
        let mut cells = probe(&lab.host_namespace(), &host);
        cells.extend(probe(&lab.client_namespace(), &client));
        cells
    }

    /// What the container `peer` of the network `side` reaches.
    fn side_cells(&self) -> Cells {
        let probes = [
            Probe::new("side-client", Knock::Tcp, CLIENT, 80, "outside:80"),
            Probe::new("side-neighbour", Knock::Tcp, NEIGHBOUR, 80, "outside:80"),
            Probe::new("side-host", Knock::Tcp, HOST, 22, "host:22"),
            Probe::new("side-published", Knock::Tcp, HOST, 8088, "solo"),
        ];
        probe(&self.scene.lab.container_namespace("peer"), &probes)
    }
}

/// Cells with other outcomes for some.
fn but(mut cells: Cells, changed: &[&str], outcome: Outcome) -> Cells {
    for name in changed {
        cells.insert((*name).to_owned(), outcome);
    }
    cells
}

fn cells(outcomes: &[(&str, Outcome)]) -> Cells {
    outcomes.iter().map(|(name, outcome)| ((*name).to_owned(), *outcome)).collect()
}

/// The client's cells of published ports, which do not depend on where containers come back after a start.
fn published(cells: Cells) -> Cells {
    cells.into_iter().filter(|(name, _)| name.contains("published")).collect()
}

/// Published ports are closed to all but those that are listed: to clients, containers, and docker-proxy's clients.
fn ports(host: &Host) {
    let shut = [
        "client-published-80",
        "client-published-docker0",
        "client6-published-80",
        "client6-published-docker0",
        "app-own-published",
        "app-other-published",
        "docker0-own-published",
        "docker0-other-published",
    ];
    host.apply(&["ports.rhai"], &[]);
    let expected = but(column(Column::Docker), &shut, Outcome::Drop);
    assert_cells("ports", &host.scene.measure(), &expected);
    let own = [("host-own-80", Outcome::Ok), ("host-own-8088", Outcome::Ok)];
    let six = [("client6-published-443", Outcome::Ok), ("client6-published-8090", Outcome::Drop)];
    assert_cells("ports", &host.more(), &cells(&[own, six].concat()));
    assert!(host.serves(CLIENT, 443) && !host.serves(NEIGHBOUR, 443), "443 is for one address");
    let again = host.apply(&["ports.rhai"], &[]);
    assert!(again.contains("nothing to do"), "{again}");

    // A start of the engine flushes Docker's chains, and moves rules past each other.
    let rules = || [Family::Ipv4, Family::Ipv6].map(|family| own_rules(&host.scene.lab.save(family)));
    let before = rules();
    host.scene.lab.restart_engine();
    for name in ["web", "db", "solo", "peer"] {
        host.scene.lab.docker(&["start", name]);
    }
    assert_eq!(rules(), before);
    let mut measured = published(host.scene.measure());
    measured.retain(|name, _| name.starts_with("client"));
    let mut expected = published(expected);
    expected.retain(|name, _| name.starts_with("client"));
    assert_cells("ports, after a start of the engine", &measured, &expected);
}

/// The lines of an iptables-save that carry the test's tag.
fn own_rules(saved: &str) -> Vec<String> {
    saved.lines().filter(|line| line.contains("dwscript/")).map(ToOwned::to_owned).collect()
}

/// Networks are kept from each other, also on the way through the host, and one from all but an address.
fn networks(host: &Host) {
    host.apply(&["networks.rhai"], &[]);
    let shut = ["app-other-published", "docker0-other-published"];
    let expected = but(column(Column::Docker), &shut, Outcome::Drop);
    let mut measured = host.scene.measure();
    let mut expected_cells = expected;
    // Containers may have come back at other addresses.
    for name in ["host-container-5432", "app-same-network", "app-other-network", "docker0-other-network"] {
        measured.remove(name);
        expected_cells.remove(name);
    }
    assert_cells("networks", &measured, &expected_cells);
    let side = [
        ("side-client", Outcome::Ok),
        ("side-neighbour", Outcome::Drop),
        ("side-host", Outcome::Drop),
        ("side-published", Outcome::Drop),
    ];
    assert_cells("networks", &host.side_cells(), &cells(&side));
    assert!(host.serves(CLIENT, 443) && !host.serves(NEIGHBOUR, 443), "443 is shut for one address");
}

fn helpers(options: Options) {
    let Some(host) = Host::new(options) else { return };
    ports(&host);
    // The rules of each script go before the next is tried.
    host.drop_rules("ports");
    networks(&host);
    host.drop_rules("networks");
    alone(&host);
    shipped(&host);
}

/// What a container reaches before `egress.rhai` and `isolate.rhai`, and with each of them by itself.
fn alone(host: &Host) {
    let names = ["side-client", "side-neighbour", "side-host", "side-published"];
    let side = |outcomes: [Outcome; 4]| cells(&names.into_iter().zip(outcomes).collect::<Vec<_>>());
    let (ok, drop) = (Outcome::Ok, Outcome::Drop);
    assert_cells("none of the scripts", &host.side_cells(), &side([ok; 4]));
    host.apply(&["egress.rhai"], &["-D", "to=10.9.0.2", "--allow", "emptied-list"]);
    assert_cells("egress.rhai alone", &host.side_cells(), &side([ok, drop, drop, drop]));
    host.drop_rules("egress");
    host.apply(&["isolate.rhai"], &[]);
    assert_cells("isolate.rhai alone", &host.side_cells(), &side([ok, ok, ok, drop]));
    host.drop_rules("isolate");
}

/// The shipped scripts beside `harden.rhai`, first and last.
fn shipped(host: &Host) {
    let args = [
        "-D",
        "ports=80",
        "-D",
        "from=192.0.2.1",
        "-D",
        "others=10.9.0.2",
        "-D",
        "to=10.9.0.2",
        "--allow",
        "emptied-list",
    ];
    let names = ["harden.rhai", "restrict-published.rhai", "egress.rhai", "isolate.rhai"];
    let mut reversed = names;
    reversed.reverse();
    for order in [names, reversed] {
        host.apply(&order, &args);
        let measured = host.scene.measure();
        let open = ["client-ping", "client-ssh", "client-published-443", "client-published-8090"];
        let open =
            open.iter().chain(&["client-published-docker0", "app-outside", "app-dns", "docker0-outside"]);
        let open = open.chain(&["host-lo-published-80", "host-lo-published-docker0", "host-outside-443"]);
        let shut = ["client-host-8080", "client-published-80", "client6-published-80", "app-own-published"];
        let shut = shut.iter().chain(&["app-other-published", "docker0-other-published", "app-host-8080"]);
        let expected: Vec<(&str, Outcome)> = open.map(|name| (*name, Outcome::Ok)).collect();
        let closed: Vec<(&str, Outcome)> = shut.map(|name| (*name, Outcome::Drop)).collect();
        let expected = cells(&[expected, closed].concat());
        let mut measured = measured;
        measured.retain(|name, _| expected.contains_key(name));
        assert_cells(order[0], &measured, &expected);
        assert!(host.serves(CLIENT, 443) && !host.serves(NEIGHBOUR, 443), "443 is for one address");
    }
}

#[test]
fn on_20_10() {
    helpers(Options::default());
}

#[test]
fn on_28() {
    helpers(Options { engine: Engine::Sid, ..Options::default() });
}
