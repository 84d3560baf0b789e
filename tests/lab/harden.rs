//! `scripts/harden.rhai` on a real engine with containers: who reaches whom afterwards, and what the engine keeps.

use dwscript::model::Family;

use super::connectivity::{Column, assert_cells, column};
use crate::support::agent::Outcome;
use crate::support::command::dwscript;
use crate::support::engine::Engine;
use crate::support::lab::{Lab, Options};
use crate::support::namespace::{Backend, Namespace};
use crate::support::process::text;
use crate::support::scene::{Mode, Scene};
use crate::support::skip::available;

/// What the script makes of the lab's live rules, given as a dump.
fn hardened(lab: &Lab, family: Family) -> String {
    let option = match family {
        Family::Ipv4 => "-4",
        Family::Ipv6 => "-6",
    };
    let run = dwscript(&["scripts/harden.rhai", option, "-i", "-"], lab.save(family).as_bytes());
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

fn hardened_host(options: Options) {
    let Some(scene) = available(Scene::new(options)) else { return };
    let texts = [Family::Ipv4, Family::Ipv6].map(|family| hardened(&scene.lab, family));
    scene.load(&texts[0], &texts[1], Mode::Full);
    let mut expected = column(Column::Bridges);
    for shut in ["client6-host-8080", "client6-published-80", "client6-published-docker0"] {
        expected.insert(shut.to_owned(), Outcome::Drop);
    }
    assert_cells("hardened", &scene.measure(), &expected);

    // What the script writes is where a restart of the engine neither flushes nor moves it.
    scene.lab.restart_engine();
    for name in ["web", "solo", "peer", "db"] {
        scene.lab.docker(&["start", name]);
    }
    let saved = scene.lab.save(Family::Ipv4);
    for chain in ["INPUT", "OUTPUT"] {
        let rules = |text: &str| -> Vec<String> {
            let prefix = format!("-A {chain} ");
            text.lines().filter(|line| line.starts_with(&prefix)).map(ToOwned::to_owned).collect()
        };
        assert_eq!(rules(&saved), rules(&texts[0]), "{chain} after a restart of the engine");
        assert!(saved.contains(&format!(":{chain} DROP ")), "{saved}");
    }
}

#[test]
fn on_20_10_over_nft() {
    hardened_host(Options::default());
}

#[test]
fn on_20_10_over_legacy() {
    hardened_host(Options { backend: Backend::Legacy, ..Options::default() });
}

#[test]
fn on_28() {
    hardened_host(Options { engine: Engine::Sid, ..Options::default() });
}

/// On a live host `br-+` is written only where no interface but Docker's begins so, in a rule or not.
#[test]
fn a_bridge_that_is_not_dockers_is_left_out() {
    let Some(namespace) = available(Namespace::new()) else { return };
    let sample = include_str!("../../src/samples/docker28-published.rules");
    let loaded = namespace.restore(Backend::Nft, Family::Ipv4, sample, &[]);
    assert!(loaded.status.success(), "{}", text(&loaded.stderr));
    let harden = |namespace: &Namespace| {
        let run = namespace.run(env!("CARGO_BIN_EXE_dwscript"), &["scripts/harden.rhai", "--no-tag"], b"");
        assert!(run.status.success(), "{}", text(&run.stderr));
        text(&run.stdout)
    };
    assert!(harden(&namespace).contains("-A OUTPUT -o br-+ -j ACCEPT\n"));
    let added = namespace.run("ip", &["link", "add", "br-lan", "type", "bridge"], b"");
    assert!(added.status.success(), "{}", text(&added.stderr));
    let hardened = harden(&namespace);
    assert!(!hardened.contains("br-+") && !hardened.contains("br-lan"), "{hardened}");
    assert!(hardened.contains("-A OUTPUT -o br-fa9bbfd4b95f -j ACCEPT\n"), "{hardened}");
}
