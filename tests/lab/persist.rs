//! What `dwscript persist` installs, on a host that boots again: the saved rules before the engine, the unit after it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use dwscript::model::Family;

use crate::support::agent::{Knock, Outcome, Probe, probe};
use crate::support::command::{Folder, Printed};
use crate::support::lab::{HOST, Lab, Options};
use crate::support::namespace::{Backend, Namespace};
use crate::support::process::{stdout_of, text};
use crate::support::skip::available;

const SCRIPT: &str = r#"set_policy("INPUT", "DROP");
append("INPUT", "-i lo -j ACCEPT");
append("INPUT", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
append("INPUT", "-p tcp --dport 22 -j ACCEPT");
prepend("FORWARD", "-s 198.51.100.0/24 -j DROP");
table("nat").append("POSTROUTING", "-s 198.51.100.7 -o up0 -j MASQUERADE");
prepend("DOCKER-USER", "-s 203.0.113.0/24 -j DROP");
"#;

/// A host with an engine, a container and what `persist` installed.
struct Host {
    lab: Lab,
    folder: Folder,
}

impl Host {
    #[track_caller]
    fn new(backend: Backend) -> Option<Self> {
        let lab = available(Lab::with(Options { backend, ..Options::default() }))?;
        lab.run_container("web", &["--restart", "always", "-p", "8081:80"], &[]);
        let host = Self { lab, folder: Folder::new(&[("site.rhai", SCRIPT)]) };
        let (script, root, state) = (host.path("site.rhai"), host.path("root"), host.path("state"));
        let usual = ["persist", &script, "-4", "--root", &root, "--state-dir", &state];
        let args =
            [&[env!("CARGO_BIN_EXE_dwscript")], &usual[..], &["--method", "netfilter-persistent"]].concat();
        let run = Printed::from(host.lab.exec(&args, b""));
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        Some(host)
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// Runs what the unit runs, with the folders where they are here.
    #[track_caller]
    fn start_unit(&self) -> Printed {
        let unit = self.folder.read("root/etc/systemd/system/dwscript.service");
        let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        let command = command.replace("/etc/dwscript", &self.path("root/etc/dwscript"));
        let run = Printed::from(self.lab.exec(&command.split(' ').collect::<Vec<_>>(), b""));
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        run
    }

    /// Every policy and rule, in the order of the kernel.
    fn rules(&self) -> Vec<String> {
        let saved = self.lab.save(Family::Ipv4);
        let counts = |line: &&str| line.starts_with("-A") || line.starts_with(':') || line.starts_with('*');
        saved.lines().filter(counts).map(|line| line.split(" [").next().unwrap().to_owned()).collect()
    }

    /// Waits until the engine has put in what the container needs.
    #[track_caller]
    fn wait_for_container(&self) {
        let begun = Instant::now();
        while !self.rules().iter().any(|rule| rule.contains("DNAT")) {
            assert!(begun.elapsed() < Duration::from_secs(20), "the container does not come back");
            thread::sleep(Duration::from_millis(100));
        }
        // Its other rules follow at once.
        thread::sleep(Duration::from_millis(500));
    }

    /// That ports which are to answer do, and one that is not does not.
    #[track_caller]
    fn probe(&self) {
        self.lab.serve(22);
        self.lab.serve(23);
        let probes =
            ["22", "23", "8081"].map(|port| Probe::new(port, Knock::Tcp, HOST, port.parse().unwrap(), ""));
        let outcomes = probe(&self.lab.client_namespace(), &probes);
        let is_open = |port: &str| {
            outcomes.iter().any(|(name, outcome)| name.as_str() == port && *outcome == Outcome::Ok)
        };
        assert!(is_open("22") && is_open("8081") && !is_open("23"), "{outcomes:?}");
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
    chains.entry("*nat POSTROUTING".to_owned()).or_default().sort();
    chains
}

#[test]
fn a_boot_and_an_engine_restart_leave_the_rules_as_they_were() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        host.start_unit();
        let before = host.rules();
        assert_eq!(before.iter().filter(|rule| rule.contains("dwscript/site")).count(), 6, "{before:#?}");
        assert_eq!(doubled(&before), Vec::<String>::new());

        let saved = host.path("root/etc/iptables/rules.v4");
        stdout_of(&host.lab.script(&["reboot", &saved], b""));
        host.wait_for_container();
        let unfinished = host.rules();
        assert_eq!(doubled(&unfinished), Vec::<String>::new(), "before the unit");
        host.start_unit();
        let after = host.rules();
        assert_eq!(doubled(&after), Vec::<String>::new());
        assert_eq!(by_chain(&after), by_chain(&before));
        host.probe();

        host.lab.restart_engine();
        host.wait_for_container();
        host.start_unit();
        assert_eq!(by_chain(&host.rules()), by_chain(&before));
        let again = host.start_unit();
        assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
        host.probe();
    }
}

#[test]
fn without_saved_rules_the_unit_alone_makes_them() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    host.start_unit();
    let before = host.rules();
    stdout_of(&host.lab.script(&["reboot"], b""));
    host.wait_for_container();
    assert!(!host.rules().iter().any(|rule| rule.contains("dwscript/")));
    host.start_unit();
    assert_eq!(by_chain(&host.rules()), by_chain(&before));
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
