//! A real Docker Engine beside a run.

use std::thread;
use std::time::{Duration, Instant};

use dwscript::model::Family;

use crate::support::agent::{Knock, Outcome, Probe, probe};
use crate::support::command::{Folder, Printed};
use crate::support::engine::Engine;
use crate::support::lab::{HOST, Lab, Options};
use crate::support::namespace::Backend;
use crate::support::skip::available;

const SCRIPT: &str = "set_policy(\"INPUT\", \"DROP\");\nappend(\"INPUT\", \"-i lo -j ACCEPT\");\n\
    prepend(\"DOCKER-USER\", \"-s 203.0.113.0/24 -j DROP\");\n";

fn rules(lab: &Lab) -> String {
    let saved = lab.save(Family::Ipv4);
    saved.lines().filter(|line| line.starts_with("-A")).flat_map(|line| [line, "\n"]).collect()
}

/// A run of `site.rhai` on a host, which waits while `meanwhile` happens.
fn run_beside(lab: &Lab, script: &str, seconds: &str, meanwhile: impl FnOnce()) -> Printed {
    let folder = Folder::new(&[("site.rhai", script)]);
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (script, state) = (path("site.rhai"), path("state"));
    let program = env!("CARGO_BIN_EXE_dwscript");
    let args = [program, &script, "--apply", "-4", "--confirm", seconds, "--state-dir", &state];
    let pending = folder.path().join("state/runs/1/pending");
    thread::scope(|scope| {
        let running = scope.spawn(|| Printed::from(lab.exec(&args, b"")));
        let begun = Instant::now();
        while !pending.exists() {
            let ended = running.is_finished() || begun.elapsed() > Duration::from_secs(15);
            assert!(!ended, "it does not come to wait");
            thread::sleep(Duration::from_millis(10));
        }
        assert!(rules(lab).contains("dwscript/site"));
        meanwhile();
        assert!(pending.exists(), "what was to happen meanwhile took too long");
        running.join().unwrap()
    })
}

/// Every backend with the installed engine and with the newest.
fn labs() -> impl Iterator<Item = Lab> {
    let kinds = Backend::usable().into_iter().flat_map(|backend| {
        [Engine::Installed, Engine::Sid].map(|engine| Options { backend, engine, ..Options::default() })
    });
    kinds.filter_map(|options| available(Lab::with(options)))
}

/// Does the same in every lab, at once: most of the time is spent waiting for a run's time to be up.
fn in_every_lab(test: impl Fn(&Lab) + Sync) {
    thread::scope(|scope| {
        for lab in labs() {
            let test = &test;
            scope.spawn(move || test(&lab));
        }
    });
}

#[test]
fn a_container_that_starts_while_a_run_waits_keeps_its_port_when_the_run_is_rolled_back() {
    in_every_lab(|lab| {
        lab.run_container("one", &["-p", "8081:80"], &[]);
        let before = rules(lab);
        let run = run_beside(lab, SCRIPT, "8", || lab.run_container("two", &["-p", "8082:80"], &[]));
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        let after = rules(lab);
        assert!(!after.contains("dwscript"), "{after}");
        assert!(before.lines().all(|line| after.contains(line)), "{before}\n{after}");
        let probes = ["8081", "8082"]
            .map(|port| Probe::new(port, Knock::Tcp, HOST, port.parse().unwrap(), "container"));
        let outcomes = probe(&lab.client_namespace(), &probes);
        assert!(outcomes.values().all(|outcome| *outcome == Outcome::Ok), "{outcomes:?}");
        // The engine finds all of its own: what it takes out is what it put in.
        lab.docker(&["rm", "-f", "two"]);
        assert_eq!(rules(lab), before);
    });
}

#[test]
fn a_container_that_stops_while_a_run_waits_stays_gone_when_the_run_is_rolled_back() {
    in_every_lab(|lab| {
        lab.run_container("one", &["-p", "8081:80"], &[]);
        let before = rules(lab);
        lab.run_container("two", &["-p", "8082:80"], &[]);
        let run = run_beside(lab, SCRIPT, "8", || drop(lab.docker(&["rm", "-f", "two"])));
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        assert_eq!(rules(lab), before);
    });
}

#[test]
fn an_engine_that_starts_anew_while_a_run_waits_keeps_what_it_wrote() {
    // It slides behind Docker's own rules when the engine starts.
    let script =
        [SCRIPT, "insert_before(\"FORWARD\", \"DOCKER-USER\", \"-s 203.0.113.9 -j DROP\");\n"].concat();
    in_every_lab(|lab| {
        let run = run_beside(lab, &script, "10", || lab.restart_engine());
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        let after = rules(lab);
        assert!(!after.contains("dwscript"), "{after}");
        lab.restart_engine();
        assert_eq!(rules(lab), after);
    });
}
