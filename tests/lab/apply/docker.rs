//! A real Docker Engine beside a run.

use std::thread;
use std::time::{Duration, Instant};

use dwscript::model::Family;

use crate::support::agent::{Knock, Outcome, Probe, probe};
use crate::support::command::{Folder, Printed};
use crate::support::lab::{HOST, Lab, Options};
use crate::support::namespace::Backend;
use crate::support::skip::available;

const SCRIPT: &str = "set_policy(\"INPUT\", \"DROP\");\nappend(\"INPUT\", \"-i lo -j ACCEPT\");\n\
    prepend(\"DOCKER-USER\", \"-s 203.0.113.0/24 -j DROP\");\n";

fn rules(lab: &Lab) -> String {
    let saved = lab.save(Family::Ipv4);
    saved.lines().filter(|line| line.starts_with("-A")).flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn a_container_that_starts_while_a_run_waits_keeps_its_port_when_the_run_is_rolled_back() {
    for backend in Backend::usable() {
        let Some(lab) = available(Lab::with(Options { backend, ..Options::default() })) else { return };
        lab.run_container("one", &["-p", "8081:80"], &[]);
        let before = rules(&lab);
        let folder = Folder::new(&[("site.rhai", SCRIPT)]);
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let (script, state) = (path("site.rhai"), path("state"));
        let args = [
            env!("CARGO_BIN_EXE_dwscript"),
            &script,
            "--apply",
            "-4",
            "--confirm",
            "4",
            "--state-dir",
            &state,
        ];
        let run = thread::scope(|scope| {
            let running = scope.spawn(|| Printed::from(lab.exec(&args, b"")));
            let begun = Instant::now();
            while !folder.path().join("state/runs/1/pending").exists() {
                let ended = running.is_finished() || begun.elapsed() > Duration::from_secs(15);
                assert!(!ended, "it does not come to wait");
                thread::sleep(Duration::from_millis(10));
            }
            assert!(rules(&lab).contains("dwscript/site"));
            lab.run_container("two", &["-p", "8082:80"], &[]);
            assert!(folder.path().join("state/runs/1/pending").exists(), "the container came too late");
            running.join().unwrap()
        });
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        let after = rules(&lab);
        assert!(!after.contains("dwscript"), "{after}");
        assert!(before.lines().all(|line| after.contains(line)), "{before}\n{after}");
        let probes =
            ["8081", "8082"].map(|port| Probe::new(port, Knock::Tcp, HOST, port.parse().unwrap(), ""));
        let outcomes = probe(&lab.client_namespace(), &probes);
        assert!(outcomes.values().all(|outcome| *outcome == Outcome::Ok), "{outcomes:?}");
        // The engine finds all of its own: what it takes out is what it put in.
        lab.docker(&["rm", "-f", "two"]);
        assert_eq!(rules(&lab), before);
    }
}
