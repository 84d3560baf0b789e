//! `allowlist.rhai`, `ratelimit-ssh.rhai` and `log-drops.rhai` on a real engine, by packets: alone, with `harden.rhai` in
//! either order, and over a restart of the engine. Each engine takes about 40 s, nearly all of it waiting for answers that do
//! not come.

use std::thread;
use std::time::{Duration, Instant};

use dwscript::model::Family;

use super::connectivity::{Column, assert_cells, column};
use crate::support::agent::{Knock, Outcome, Probe, probe};
use crate::support::command::{Folder, Printed};
use crate::support::engine::Engine;
use crate::support::lab::{CLIENT, HOST, HOST6, Options};
use crate::support::process::stdout_of;
use crate::support::scene::{Cells, Scene};
use crate::support::skip::available;

const SCRIPTS: [(&str, &str); 4] = [
    ("harden.rhai", include_str!("../../scripts/harden.rhai")),
    ("allowlist.rhai", include_str!("../../scripts/allowlist.rhai")),
    ("ratelimit-ssh.rhai", include_str!("../../scripts/ratelimit-ssh.rhai")),
    ("log-drops.rhai", include_str!("../../scripts/log-drops.rhai")),
];
/// Every chain that the scripts write into and that an engine leaves as it is.
const CHAINS: [&str; 5] = ["INPUT", "OUTPUT", "DOCKER-USER", "ALLOWLIST", "RATELIMIT-SSH"];
const ALLOW: [&str; 2] = ["-D", "allow=tcp/80"];
/// So few connections that the tests use them up, and so much logging that they do not.
const COUNTED: [&str; 8] =
    ["-D", "ssh_rate=1/hour", "-D", "ssh_burst=4", "-D", "log_rate=100/sec", "-D", "log_burst=200"];
const NFLOG: [&str; 2] = ["-D", "nflog_group=5"];
const PATIENCE: Duration = Duration::from_secs(60);

struct Host {
    scene: Scene,
    folder: Folder,
}

impl Host {
    /// Applies scripts to both families; what is said. Nothing may be said of a script that changes its own result.
    #[track_caller]
    fn apply(&self, scripts: &[&str], args: &[&[&str]]) -> String {
        let path = |name: &str| self.folder.path().join(name).to_string_lossy().into_owned();
        let scripts: Vec<String> = scripts.iter().map(|name| path(&format!("{name}.rhai"))).collect();
        let state = path("state");
        let mut words = vec![env!("CARGO_BIN_EXE_dwscript")];
        words.extend(scripts.iter().map(String::as_str));
        words.extend(["--apply", "--no-confirm", "--state-dir", &state]);
        words.extend(args.concat());
        let run = Printed::from(self.scene.lab.exec(&words, b""));
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(!run.stderr.contains("warning["), "{}", run.stderr);
        [run.stdout, run.stderr].concat()
    }

    /// Connections from the client, all at once.
    #[track_caller]
    fn client<const N: usize>(&self, targets: [(&str, u16); N]) -> [Outcome; N] {
        let name = |index: usize| format!("p{index}");
        let probes: Vec<Probe> = targets
            .iter()
            .enumerate()
            .map(|(index, (address, port))| Probe::new(&name(index), Knock::Tcp, address, *port, ""))
            .collect();
        let outcomes = probe(&self.scene.lab.client_namespace(), &probes);
        std::array::from_fn(|index| outcomes[&name(index)])
    }

    /// How many of five connections to the SSH port succeed, over IPv4 and over IPv6.
    #[track_caller]
    fn logins(&self) -> [usize; 2] {
        let outcomes = self.client::<10>(std::array::from_fn(|index| ([HOST, HOST6][index / 5], 22)));
        let done = |of: &[Outcome]| of.iter().filter(|outcome| **outcome == Outcome::Ok).count();
        [done(&outcomes[..5]), done(&outcomes[5..])]
    }

    /// How many packets were logged with each prefix.
    #[track_caller]
    fn logged(&self, place: &str) -> u64 {
        let saved = stdout_of(&self.scene.lab.exec(&["iptables-save", "-c"], b""));
        let prefix = format!("-prefix \"drop {place}: \"");
        let mut lines = saved.lines().filter(|line| line.contains(&prefix));
        let line = lines.next().unwrap_or_else(|| panic!("nothing logs {place}:\n{saved}"));
        assert_eq!(lines.next(), None, "{saved}");
        line.trim_start_matches('[').split(':').next().unwrap().parse().unwrap()
    }

    /// The places that log something while something happens.
    #[track_caller]
    fn logging(&self, happen: impl FnOnce()) -> Vec<&'static str> {
        let places = ["INPUT", "OUTPUT", "FORWARD", "ALLOWLIST", "RATELIMIT-SSH"];
        let before = places.map(|place| self.logged(place));
        happen();
        let rose = places.into_iter().zip(before).filter(|(place, before)| self.logged(place) > *before);
        rose.map(|(place, _)| place).collect()
    }

    fn rules(&self, chain: &str) -> Vec<String> {
        let prefix = format!("-A {chain} ");
        let saved = self.scene.lab.save(Family::Ipv4);
        saved.lines().filter(|line| line.starts_with(&prefix)).map(ToOwned::to_owned).collect()
    }
}

/// A column of the table, with all published ports closed from outside but 80.
fn expected(of: Column) -> Cells {
    let mut cells = column(of);
    let mut shut = vec!["client-published-443", "client-published-8090", "client-published-docker0"];
    shut.push("client6-published-docker0");
    if of == Column::Bridges {
        shut.extend(["client6-host-8080", "client6-published-80"]);
    }
    cells.extend(shut.into_iter().map(|name| (name.to_owned(), Outcome::Drop)));
    cells
}

fn scripts(engine: Engine) {
    let Some(scene) = available(Scene::new(Options { engine, ..Options::default() })) else { return };
    let host = Host { scene, folder: Folder::new(&SCRIPTS) };
    listed(&host, engine == Engine::Installed);

    let harden_first = ["harden", "allowlist", "ratelimit-ssh", "log-drops"];
    host.apply(&harden_first, &[&ALLOW, &COUNTED]);
    assert_cells("behind harden", &host.scene.measure(), &expected(Column::Bridges));
    let harden_last = ["ratelimit-ssh", "allowlist", "harden", "log-drops"];
    host.apply(&harden_last, &[&ALLOW, &COUNTED, &NFLOG]);
    assert_cells("before harden", &host.scene.measure(), &expected(Column::Bridges));

    logs(&host);
    restarts(&host, &harden_last);
    host.apply(&harden_last, &[&ALLOW, &COUNTED, &["-D", "ssh_trusted=10.9.0.0/24,fd00:9::/64"]]);
    assert_eq!(host.logins(), [5, 5], "trusted");
    // Another rate counts anew, though the kernel still has the old table when the new rule comes. What a neighbour routes to
    // a container, and the list lets past, reaches the policy of FORWARD; 28 drops it before.
    let anew = ["-D", "ssh_burst=3", "-D", "allow_from=10.9.0.2"];
    host.apply(&harden_last, &[&ALLOW, &COUNTED, &anew]);
    let db = host.scene.lab.container_address("db", "app");
    let mut logging = host.logging(|| {
        let [logins, routed] = thread::scope(|scope| {
            let routed = scope.spawn(|| host.client([(&db, 5432)]) == [Outcome::Drop]);
            [host.logins() == [3, 3], routed.join().unwrap()]
        });
        assert!(logins && routed, "another burst: {logins}, routed and dropped: {routed}");
    });
    logging.retain(|place| *place != "RATELIMIT-SSH");
    assert_eq!(logging, if engine == Engine::Installed { vec!["FORWARD"] } else { vec![] });
}

/// The list alone: by ports, by names, by sources, and the ways around it.
fn listed(host: &Host, is_old: bool) {
    let lab = &host.scene.lab;
    let web = lab.container_address("web", "app");
    stdout_of(&lab.client(&["ip", "route", "add", "172.16.0.0/12", "via", HOST]));
    // Docker 28 drops what a neighbour routes to a container before any rule of a user sees it.
    assert_eq!(host.client([(&web, 80)]), [if is_old { Outcome::Ok } else { Outcome::Drop }]);

    host.apply(&["allowlist"], &[&ALLOW]);
    assert_cells("closed but for a list", &host.scene.measure(), &expected(Column::Docker));
    host.apply(&["allowlist"], &[&["-D", "allow=solo,peer:80", "-D", "allow_from=192.0.2.1"]]);
    let named =
        [(HOST, 80), (HOST6, 80), (&web, 80), (HOST, 8088), (HOST6, 8088), (HOST, 8090), (HOST6, 8090)];
    let [shut, open] = [Outcome::Drop, Outcome::Ok];
    assert_eq!(host.client(named), [shut, shut, shut, open, open, open, open], "by names");
    host.apply(&["allowlist"], &[&["-D", "allow=", "-D", "allow_private=true"]]);
    assert_eq!(host.client([(HOST, 80), (HOST6, 80)]), [open; 2], "private networks");
}

/// Each drop is logged where it happens, and nothing else is.
fn logs(host: &Host) {
    let accepted = || assert_eq!(host.client([(HOST, 80)]), [Outcome::Ok]);
    assert_eq!(host.logging(accepted), Vec::<&str>::new());
    let published = || assert_eq!(host.client([(HOST, 443)]), [Outcome::Drop]);
    assert_eq!(host.logging(published), ["ALLOWLIST"]);
    let own = || {
        let out = [Probe::new("out", Knock::Tcp, CLIENT, 22, "")];
        thread::scope(|scope| {
            let out = scope.spawn(|| probe(&host.scene.lab.host_namespace(), &out));
            assert_eq!(host.client([(HOST, 8080)]), [Outcome::Drop]);
            assert_eq!(out.join().unwrap()["out"], Outcome::Drop);
        });
    };
    assert_eq!(host.logging(own), ["INPUT", "OUTPUT"]);
    // Of four connections each measurement has used one.
    assert_eq!(host.logging(|| assert_eq!(host.logins(), [2, 2])), ["RATELIMIT-SSH"]);
}

/// A restart of the engine leaves every rule where it is, and a run after it has nothing to do.
fn restarts(host: &Host, order: &[&str]) {
    let before = CHAINS.map(|chain| host.rules(chain));
    host.scene.lab.restart_engine();
    for name in ["web", "solo", "peer", "db"] {
        host.scene.lab.docker(&["start", name]);
    }
    assert_eq!(CHAINS.map(|chain| host.rules(chain)), before);
    let last = host.rules("FORWARD").pop().unwrap();
    assert!(last.contains("drop FORWARD: "), "{last}");
    let said = host.apply(order, &[&ALLOW, &COUNTED, &NFLOG]);
    assert!(said.contains("nothing to do"), "{said}");
    let deadline = Instant::now() + PATIENCE;
    while host.client([(HOST, 80)]) != [Outcome::Ok] {
        assert!(Instant::now() < deadline, "the published port does not come back");
    }
    assert_eq!(host.client([(HOST, 443)]), [Outcome::Drop], "after a restart of the engine");
}

#[test]
fn on_20_10() {
    scripts(Engine::Installed);
}

#[test]
fn on_28() {
    scripts(Engine::Sid);
}
