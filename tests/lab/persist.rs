//! What `dwscript persist` installs, on a host that boots again: the saved rules before the engine, the unit after it.

mod fallback;
mod machine;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use dwscript::model::Family;

use crate::support::agent::{Knock, Outcome, Probe, probe};
use crate::support::command::{Folder, Printed};
use crate::support::engine::Engine;
use crate::support::lab::{HOST, HOST6, Lab, Options};
use crate::support::namespace::{Backend, Namespace};
use crate::support::process::{stdout_of, text};
use crate::support::skip::available;

/// Six rules for IPv4 and five for IPv6, one less where the engine makes no DOCKER-USER there.
const SCRIPT: &str = r#"owner("site");
set_policy("INPUT", "DROP");
append("INPUT", "-i lo -j ACCEPT");
append("INPUT", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
append("INPUT", "-p tcp --dport 22 -j ACCEPT");
if family == "ipv4" {
    prepend("FORWARD", "-s 198.51.100.0/24 -j DROP");
    table("nat").append("POSTROUTING", "-s 198.51.100.7 -o up0 -j MASQUERADE");
    prepend("DOCKER-USER", "-s 203.0.113.0/24 -j DROP");
} else {
    append("INPUT", "-p ipv6-icmp -j ACCEPT");
    prepend("FORWARD", "-s 2001:db8::/32 -j DROP");
    if "DOCKER-USER" in chains().map(|chain| chain.name) { prepend("DOCKER-USER", "-s 3fff::/20 -j DROP"); }
}
"#;
const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

/// A host with an engine, a container and what `persist` installed.
struct Host {
    lab: Lab,
    folder: Folder,
}

impl Host {
    #[track_caller]
    fn new(options: Options, method: &str) -> Option<Self> {
        let lab = available(Lab::with(options))?;
        lab.run_container("web", &["--restart", "always", "-p", "8081:80"], &[]);
        let host = Self { lab, folder: Folder::new(&[("site.rhai", SCRIPT)]) };
        let (script, root) = (host.path("site.rhai"), host.path("root"));
        let usual = ["persist", &script, "--root", &root, "--state-dir", "/state", "--early"];
        let args = [&[env!("CARGO_BIN_EXE_dwscript")], &usual[..], &["--method", method]].concat();
        let run = Printed::from(host.lab.exec(&args, b""));
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        Some(host)
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// Runs what a unit runs, with the folders where they are here.
    fn run_unit(&self, name: &str) -> Printed {
        let unit = self.folder.read(&format!("root/etc/systemd/system/{name}.service"));
        let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        let command = command.replace("/etc/dwscript", &self.path("root/etc/dwscript"));
        let command =
            command.replace("--state-dir /state", &format!("--state-dir {}", self.path("root/state")));
        Printed::from(self.lab.exec(&command.split(' ').collect::<Vec<_>>(), b""))
    }

    #[track_caller]
    fn start_unit(&self) -> Printed {
        let run = self.run_unit("dwscript");
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        run
    }

    /// Boots: what netfilter-persistent loads and the early unit come before the engine.
    #[track_caller]
    fn reboot(&self, method: &str) {
        stdout_of(&self.lab.script(&["engine-stop"], b""));
        stdout_of(&self.lab.script(&["renew"], b""));
        if method == "netfilter-persistent" {
            for (family, name) in FAMILIES.into_iter().zip(["rules.v4", "rules.v6"]) {
                let rules = self.folder.read(&format!("root/etc/iptables/{name}"));
                let output = self.lab.restore(family, &rules, &["--noflush"]);
                assert!(output.status.success(), "{name}: {}", text(&output.stderr));
            }
        }
        let early = self.run_unit("dwscript-early");
        assert_eq!(early.status, Some(0), "{}", early.stderr);
        let loaded = if method == "netfilter-persistent" { "loaded 0 lines" } else { "loaded 9 lines" };
        assert!(early.stdout.starts_with(loaded), "{}", early.stdout);
        stdout_of(&self.lab.script(&["engine-start"], b""));
        self.wait_for_container();
    }

    /// Every policy and rule of both families, in the order of the kernel.
    fn rules(&self) -> Vec<String> {
        let mut rules = Vec::new();
        for family in FAMILIES {
            for line in self.lab.save(family).lines() {
                match line.strip_prefix('*') {
                    Some(table) => rules.push(format!("*{} {table}", family.as_str())),
                    None if line.starts_with("-A") || line.starts_with(':') => {
                        rules.push(line.split(" [").next().unwrap().to_owned());
                    }
                    None => {}
                }
            }
        }
        rules
    }

    fn ours(&self) -> usize {
        self.rules().iter().filter(|rule| rule.contains("dwscript/site")).count()
    }

    /// Waits until the engine has put in what the container needs, and puts in no more.
    #[track_caller]
    fn wait_for_container(&self) {
        let begun = Instant::now();
        let mut before = Vec::new();
        loop {
            let rules = self.rules();
            if rules == before && rules.iter().any(|rule| rule.contains("DNAT")) {
                return;
            }
            before = rules;
            assert!(begun.elapsed() < Duration::from_secs(60), "the container does not come back");
            thread::sleep(Duration::from_millis(500));
        }
    }

    /// That ports which are to answer do, and one that is not does not.
    #[track_caller]
    fn probe(&self) {
        self.lab.serve(22);
        self.lab.serve(23);
        let knocks = [
            ("22", HOST, 22),
            ("23", HOST, 23),
            ("8081", HOST, 8081),
            ("22v6", HOST6, 22),
            ("23v6", HOST6, 23),
        ];
        let probes = knocks.map(|(name, host, port)| Probe::new(name, Knock::Tcp, host, port, ""));
        let outcomes = probe(&self.lab.client_namespace(), &probes);
        let open: Vec<&str> = knocks
            .into_iter()
            .map(|(name, ..)| name)
            .filter(|open| outcomes.iter().any(|(name, outcome)| name == open && *outcome == Outcome::Ok))
            .collect();
        assert_eq!(open, ["22", "8081", "22v6"], "{outcomes:?}");
    }
}

/// Rules by table: what stands twice.
fn doubled(rules: &[String]) -> Vec<String> {
    let (mut table, mut seen, mut doubled) = (String::new(), BTreeSet::new(), Vec::new());
    for line in rules {
        if line.starts_with('*') {
            table.clone_from(line);
        } else if !seen.insert(format!("{table} {line}")) {
            doubled.push(format!("{table} {line}"));
        }
    }
    doubled
}

/// The rules by table and chain, in their order; the kernel's order of tables and chains is no matter. Docker appends to
/// nat POSTROUTING, behind ours or before: there the order is no matter either.
fn by_chain(rules: &[String]) -> BTreeMap<String, Vec<String>> {
    let (mut table, mut chains) = (String::new(), BTreeMap::<String, Vec<String>>::new());
    for line in rules {
        if line.starts_with('*') {
            table.clone_from(line);
        } else if let Some(declared) = line.strip_prefix(':') {
            chains.entry(format!("{table} {declared}")).or_default();
        } else {
            let chain = line.split(' ').nth(1).unwrap();
            chains.entry(format!("{table} {chain}")).or_default().push(line.clone());
        }
    }
    chains.entry("*ipv4 nat POSTROUTING".to_owned()).or_default().sort();
    chains
}

/// Boots, restarts the engine, stops and starts it: each time the rules are what they were.
#[track_caller]
fn boots(options: Options, method: &str, ours: usize) {
    let Some(host) = Host::new(options, method) else { return };
    host.start_unit();
    let before = host.rules();
    assert_eq!(host.ours(), ours, "{before:#?}");
    assert_eq!(doubled(&before), Vec::<String>::new());

    host.reboot(method);
    assert_eq!(doubled(&host.rules()), Vec::<String>::new(), "before the unit");
    host.start_unit();
    let after = host.rules();
    assert_eq!(doubled(&after), Vec::<String>::new());
    assert_eq!(by_chain(&after), by_chain(&before));
    host.probe();

    host.lab.restart_engine();
    host.wait_for_container();
    host.start_unit();
    assert_eq!(by_chain(&host.rules()), by_chain(&before));

    stdout_of(&host.lab.script(&["engine-stop"], b""));
    let stopped = host.ours();
    stdout_of(&host.lab.script(&["engine-start"], b""));
    host.wait_for_container();
    host.start_unit();
    assert_eq!(by_chain(&host.rules()), by_chain(&before));
    // An engine that stops takes none of ours along.
    assert_eq!(stopped, ours);
    let again = host.start_unit();
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
    host.probe();
}

#[test]
fn the_unit_alone_on_engine_20() {
    boots(Options::default(), "systemd", 11);
}

#[test]
fn netfilter_persistent_on_engine_20() {
    for backend in Backend::usable() {
        boots(Options { backend, ..Options::default() }, "netfilter-persistent", 11);
    }
}

#[test]
fn the_unit_alone_on_engine_28() {
    boots(Options { engine: Engine::Sid, ..Options::default() }, "systemd", 12);
}

#[test]
fn netfilter_persistent_on_engine_28() {
    boots(Options { engine: Engine::Sid, ..Options::default() }, "netfilter-persistent", 12);
}

/// The scripts fail after a boot at which the engine publishes what it did not before: its newer rules stay.
#[test]
fn a_fallback_keeps_what_the_engine_made_since() {
    let Some(host) = Host::new(Options { engine: Engine::Sid, ..Options::default() }, "systemd") else {
        return;
    };
    host.start_unit();
    let before = host.rules();
    let script = "root/etc/dwscript/boot/scripts/site.rhai";
    host.folder.write(script, &format!("{SCRIPT}let x = ;"));
    host.reboot("systemd");
    host.lab.docker(&["network", "create", "newer"]);
    host.lab.run_container("newer", &["--network", "newer", "-p", "8082:80"], &[]);
    let engine = host.rules();
    let run = host.run_unit("dwscript");
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    let after = host.rules();
    assert_eq!(doubled(&after), Vec::<String>::new());
    let is_ours = |rule: &&String| rule.contains("dwscript/site");
    let of = |rules: &[String]| rules.iter().filter(is_ours).cloned().collect::<BTreeSet<_>>();
    assert_eq!(of(&after), of(&before));
    let others = |rules: &[String]| {
        rules.iter().filter(|rule| rule.starts_with("-A") && !is_ours(rule)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(others(&after), others(&engine));
    host.probe();
    let fetched = host.lab.client(&["curl", "-sS", "-m", "5", &format!("http://{HOST}:8082/")]);
    assert!(text(&fetched.stdout).contains("container"), "{}", text(&fetched.stderr));
    // Once the scripts are right again they say what is to be.
    host.folder.write(script, SCRIPT);
    host.start_unit();
    assert_eq!(of(&host.rules()), of(&before));
}

#[test]
fn what_is_saved_loads_on_an_empty_host_with_and_without_a_flush() {
    for backend in Backend::usable() {
        let mut dumps = Vec::new();
        for args in [&["--noflush"][..], &[]] {
            let Some(namespace) = available(Namespace::new()) else { return };
            let folder = Folder::new(&[("site.rhai", SCRIPT)]);
            let usual = ["persist", "site.rhai", "--root", "root", "--sample", "docker28-published"];
            let run = folder.run(&[&usual[..], &["--method", "netfilter-persistent"]].concat());
            assert_eq!(run.status, Some(0), "{}", run.stderr);
            let rules = fs::read_to_string(folder.path().join("root/etc/iptables/rules.v4")).unwrap();
            let output = namespace.restore(backend, Family::Ipv4, &rules, args);
            assert!(output.status.success(), "{}", text(&output.stderr));
            let saved = namespace.save(backend, Family::Ipv4);
            let lines = |text: &str| {
                text.lines().filter(|line| line.starts_with("-A")).map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(lines(&saved).len(), lines(&rules).len());
            dumps.push(lines(&saved));
        }
        assert_eq!(dumps[0], dumps[1]);
    }
}
