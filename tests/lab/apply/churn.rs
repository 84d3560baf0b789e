//! Docker never notices: containers come and go while rules are applied and undone beside the engine.
//!
//! What is Docker's, on both families, is compared with what the engine had before anything of ours, and with what it
//! writes when it starts anew. The same comparison must find what a loop of save, edit and restore loses.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dwscript::model::Family;

use crate::support::agent::{Knock, Pestered, Probe, pester};
use crate::support::command::{Folder, Printed};
use crate::support::engine::Engine;
use crate::support::lab::{HOST, Lab, Options};
use crate::support::namespace::Backend;
use crate::support::process::text;
use crate::support::skip::available;

const CONTAINERS: usize = 15;
const KEEPER: &str = "keeper";
/// Rounds of starting and killing all containers; ten times as many under `DWSCRIPT_SOAK=1`.
const ROUNDS: usize = 1;
/// The least runs that must have met the churn, so that the test says something.
const RUNS: usize = 3;

/// Rules before Docker's, behind them and in between, and a policy under which docker-proxy is of no help.
const SCRIPT: &str = r#"
set_policy("INPUT", "DROP");
append("INPUT", "-i lo -j ACCEPT");
append("INPUT", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
append("INPUT", "-p tcp --dport 22 -j ACCEPT");
if "DOCKER-USER" in chains().map(|c| c.name) {
    prepend("DOCKER-USER", "-i up0 -p tcp -m conntrack --ctorigdstport 7777 --ctdir ORIGINAL -j DROP");
    insert_before("FORWARD", "DOCKER-USER", "-m conntrack --ctstate INVALID -j DROP");
    table("nat").append("POSTROUTING", "-o up0 -p udp --dport 7777 -j MASQUERADE");
    table("nat").prepend("PREROUTING", "-i up0 -p tcp --dport 7778 -j REDIRECT --to-ports 22");
}
"#;

/// How naive programs add a rule.
const NAIVE: &str = "iptables-save | sed '/^:DOCKER-USER/a -A OUTPUT -p udp --dport 7779 -j ACCEPT' >\"$0\"; \
    iptables-restore <\"$0\"";

#[test]
fn docker_20_over_nft() {
    check(Engine::Installed, Backend::Nft);
}

#[test]
fn docker_20_over_legacy() {
    check(Engine::Installed, Backend::Legacy);
}

#[test]
fn docker_28_over_nft() {
    check(Engine::Sid, Backend::Nft);
}

#[test]
fn docker_28_over_legacy() {
    check(Engine::Sid, Backend::Legacy);
}

#[track_caller]
fn check(engine: Engine, backend: Backend) {
    let options = Options { backend, engine, arguments: "--live-restore" };
    let Some(lab) = available(Lab::with(options)) else { return };
    let host = Host::new(lab);
    let before = host.rules();
    let pestered = host.churn(&before);
    assert!(pestered.probes > 100, "{pestered:?}");
    assert_eq!((pestered.failures.as_slice(), pestered.repeated), ([].as_slice(), 0), "{pestered:?}");
    host.start_all(true);
    host.assert_as_the_engine_writes();
    host.docker_all("kill");
    // The engine that started anew has an order of its own.
    assert_eq!(sorted(host.rules()), sorted(before));
    host.assert_that_a_naive_loop_loses();
}

/// A Docker host with a container that stays, and others that do not run yet.
struct Host {
    lab: Lab,
    folder: Folder,
    /// Held by whoever applies, or reads what is live.
    quiet: Mutex<()>,
}

impl Host {
    fn new(lab: Lab) -> Self {
        let server = format!("echo {KEEPER} >/www/index.html; exec httpd -f -p 80 -h /www");
        lab.docker(&["network", "create", "app"]);
        lab.run_container(KEEPER, &["-p", "8080:80", "--network", "app"], &["sh", "-c", &server]);
        let host = Self { lab, folder: Folder::new(&[("site.rhai", SCRIPT)]), quiet: Mutex::new(()) };
        thread::scope(|scope| {
            for index in 0..CONTAINERS {
                let lab = &host.lab;
                scope.spawn(move || create(lab, index));
            }
        });
        host
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// All that is live and not ours, in its order.
    #[track_caller]
    fn rules(&self) -> Vec<String> {
        let _quiet = self.quiet.lock().unwrap();
        let both = [Family::Ipv4, Family::Ipv6].map(|family| self.lab.save(family));
        let families = both.iter().zip(["4", "6"]);
        families
            .flat_map(|(saved, family)| foreign(saved).map(move |line| format!("{family} {line}")))
            .collect()
    }

    /// Starts all containers, as programs do: not one after the other.
    #[track_caller]
    fn start_all(&self, must_run: bool) {
        let names = names();
        thread::scope(|scope| {
            for names in names.chunks(CONTAINERS / 3) {
                scope.spawn(move || {
                    for name in names {
                        let output = self.lab.script(&["docker", "start", name], b"");
                        assert!(output.status.success() || !must_run, "{name}: {}", text(&output.stderr));
                    }
                });
            }
        });
    }

    #[track_caller]
    fn docker_all(&self, verb: &str) {
        let names = names();
        let args: Vec<&str> = [verb].into_iter().chain(names.iter().map(String::as_str)).collect();
        self.lab.docker(&args);
        self.wait_until_gone();
    }

    /// A container's rules go when its end is noticed, and that may be after the client's.
    #[track_caller]
    fn wait_until_gone(&self) {
        let begun = Instant::now();
        while self.published().len() > 1 {
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", self.published());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The rules that publish a port over IPv4.
    #[track_caller]
    fn published(&self) -> Vec<String> {
        self.rules()
            .into_iter()
            .filter(|rule| rule.starts_with("4 -A DOCKER ") && rule.contains("DNAT"))
            .collect()
    }

    /// Starts and kills containers while rules are applied and undone and a client connects.
    #[track_caller]
    fn churn(&self, before: &[String]) -> Pestered {
        let probe = Probe::new(KEEPER, Knock::Tcp, HOST, 8080, KEEPER);
        let client = pester(&self.lab.client_namespace(), &probe);
        let rounds = if std::env::var_os("DWSCRIPT_SOAK").is_some() { ROUNDS * 10 } else { ROUNDS };
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let over = Over(&is_over);
            let applying = scope.spawn(|| {
                let mut runs = 0;
                while !is_over.load(Ordering::Relaxed) {
                    self.apply_and_revert(runs);
                    runs += 1;
                }
                runs
            });
            for _ in 0..rounds {
                self.start_all(true);
                assert_eq!(self.published().len(), CONTAINERS + 1);
                assert_eq!(doubled(&self.rules()), [""; 0]);
                self.docker_all("kill");
                assert_eq!(self.rules(), before);
            }
            drop(over);
            let runs = applying.join().unwrap();
            assert!(runs >= RUNS, "only {runs} runs in {rounds} rounds");
        });
        client.end()
    }

    /// A run that is made and undone, every other one without a rehearsal: these meet more of the engine's changes.
    #[track_caller]
    fn apply_and_revert(&self, count: usize) {
        let (script, state) = (self.path("site.rhai"), self.path("state"));
        let mut apply = vec![script.as_str(), "--apply", "--no-confirm", "--state-dir", &state];
        if count.is_multiple_of(2) {
            apply.push("--no-rehearse");
        }
        for args in [apply, vec!["revert", "--state-dir", &state]] {
            let _quiet = self.quiet.lock().unwrap();
            let run =
                Printed::from(self.lab.exec(&[&[env!("CARGO_BIN_EXE_dwscript")], &*args].concat(), b""));
            assert_eq!(run.status, Some(0), "{args:?}: {}", run.stderr);
        }
        // Whoever waits to read what is live gets its turn.
        thread::sleep(Duration::from_millis(5));
    }

    /// Compares what is live with what the engine writes when it starts. What an engine finds of its own in `FORWARD` and
    /// in `POSTROUTING` it leaves, so that no line may be there twice besides.
    #[track_caller]
    fn assert_as_the_engine_writes(&self) {
        let (live, written) = self.live_and_written();
        assert_eq!(doubled(&live), [""; 0]);
        assert_eq!(live, written, "what is live, and what the engine writes");
    }

    /// What is live, and what is after a start of the engine; sorted, as that has its own order.
    #[track_caller]
    fn live_and_written(&self) -> (Vec<String>, Vec<String>) {
        let live = sorted(self.rules());
        self.lab.restart_engine();
        let written = sorted(self.rules());
        (live, written)
    }

    /// A loop of save, edit and restore beside the start of all containers; the engine then has rules to write anew.
    #[track_caller]
    fn assert_that_a_naive_loop_loses(&self) {
        let file = self.path("naive");
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            let is_over = AtomicBool::new(false);
            thread::scope(|scope| {
                let over = Over(&is_over);
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        self.lab.exec(&["sh", "-c", NAIVE, &file], b"");
                    }
                });
                // A container of whose rules some are lost at once may not even start.
                self.start_all(false);
                drop(over);
            });
            let (live, written) = self.live_and_written();
            let lost = written.iter().filter(|rule| !live.contains(rule)).count();
            if lost > 0 {
                return;
            }
            self.docker_all("kill");
        }
        panic!("a naive loop lost nothing: what this test compares cannot fail");
    }
}

/// Says so when it is dropped, be it by a panic: a thread that waits for it would never end.
struct Over<'o>(&'o AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn names() -> Vec<String> {
    (0..CONTAINERS).map(|index| format!("c{index}")).collect()
}

/// A container that does not run yet; each third is on the network of the one that stays.
fn create(lab: &Lab, index: usize) {
    let (name, port) = (format!("c{index}"), format!("{}:80", 8100 + index));
    let network = if index.is_multiple_of(3) { "app" } else { "bridge" };
    let command = ["httpd", "-f", "-p", "80", "-h", "/www"];
    let create = ["create", "--name", &name, "-p", &port, "--network", network, "dwlab:1"];
    lab.docker(&[create.as_slice(), &command].concat());
}

/// Rules that neither we nor the naive loop made, Docker's chains, and the policy that Docker sets.
fn foreign(saved: &str) -> impl Iterator<Item = &str> {
    let is_ours = |line: &str| line.contains("dwscript/site") || line.contains("--dport 7779");
    let is_foreign = move |line: &&str| {
        line.starts_with("-A ") && !is_ours(line)
            || line.starts_with(":DOCKER")
            || line.starts_with(":FORWARD DROP")
    };
    saved.lines().filter(is_foreign).map(|line| line.split(" [").next().unwrap_or(line))
}

fn sorted(mut rules: Vec<String>) -> Vec<String> {
    rules.sort();
    rules
}

/// The lines that are there more than once. The policy's line of a chain may be, in several tables.
fn doubled(rules: &[String]) -> Vec<&str> {
    let mut sorted: Vec<&str> =
        rules.iter().map(String::as_str).filter(|line| line.contains(" -A ")).collect();
    sorted.sort_unstable();
    sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
}
