//! `scripts/blocklist.rhai` on a real engine with containers: who is cut off, and who is not.

use dwscript::model::Family;

use super::connectivity::{Column, assert_cells, column};
use crate::support::agent::Outcome;
use crate::support::command::{Folder, Printed};
use crate::support::engine::Engine;
use crate::support::lab::Options;
use crate::support::namespace::Backend;
use crate::support::process::find;
use crate::support::scene::{Cells, Scene};
use crate::support::skip::available;

/// The client in both families; networks that hold this host's own addresses and its containers' as well.
const LIST: &str = "10.9.0.0/24  # the client, and this host\nfd00:9::/64\n127.0.0.0/8\n172.16.0.0/12\n";

/// What a cell that is cut off comes to: nothing; over IPv6 not even the neighbour is found, which is told otherwise.
fn cut(cells: Cells) -> Cells {
    let is_cut = |name: &str| name.starts_with("client") || name.contains("outside");
    let outcome = |name: &str, outcome: Outcome| match outcome {
        Outcome::Ok => Outcome::Ok,
        _ if is_cut(name) => Outcome::Drop,
        other => other,
    };
    cells
        .into_iter()
        .map(|(name, was)| {
            let now = outcome(&name, was);
            (name, now)
        })
        .collect()
}

/// The column of the table, with all that the client is at one end of cut off.
fn expected(of: Column) -> Cells {
    let closed = |name: &str| name.starts_with("client") || name.contains("outside");
    let cells = column(of).into_iter();
    cells
        .map(|(name, was)| {
            let now = if closed(&name) { Outcome::Drop } else { was };
            (name, now)
        })
        .collect()
}

struct Host {
    scene: Scene,
    folder: Folder,
}

impl Host {
    #[track_caller]
    fn apply(&self, scripts: &[&str], args: &[&str]) {
        let path = |name: &str| self.folder.path().join(name).to_string_lossy().into_owned();
        let (cidrs, state) = (format!("cidrs=@{}", path("list")), path("state"));
        let scripts: Vec<String> = scripts.iter().map(|name| path(name)).collect();
        let mut words = vec![env!("CARGO_BIN_EXE_dwscript")];
        words.extend(scripts.iter().map(String::as_str));
        words.extend(["--apply", "--no-confirm", "--state-dir", &state, "-D", &cidrs]);
        words.extend(args);
        let run = Printed::from(self.scene.lab.exec(&words, b""));
        assert_eq!(run.status, Some(0), "{}", run.stderr);
    }

    #[track_caller]
    fn has_sets(&self) -> bool {
        let program = find("ipset").unwrap();
        let listed = self.scene.lab.exec(&[&program.to_string_lossy(), "list", "-name"], b"");
        assert!(listed.status.success());
        String::from_utf8(listed.stdout).unwrap() == "blocklist-ipv4\nblocklist-ipv6\n"
    }
}

fn blocked(options: Options) {
    let Some(scene) = available(Scene::new(options)) else { return };
    let harden = include_str!("../../scripts/harden.rhai");
    let blocklist = include_str!("../../scripts/blocklist.rhai");
    let folder = Folder::new(&[("harden.rhai", harden), ("blocklist.rhai", blocklist), ("list", LIST)]);
    let host = Host { scene, folder };

    host.apply(&["blocklist.rhai"], &[]);
    assert!(host.has_sets());
    assert_cells("by a set", &cut(host.scene.measure()), &expected(Column::Docker));

    host.apply(&["harden.rhai", "blocklist.rhai"], &["-D", "ipset=false"]);
    assert!(!host.has_sets());
    assert_cells("by rules, and hardened", &cut(host.scene.measure()), &expected(Column::Bridges));

    // A restart of the engine leaves it where it is, whichever script came first.
    host.apply(&["blocklist.rhai", "harden.rhai"], &[]);
    host.scene.lab.restart_engine();
    let saved = host.scene.lab.save(Family::Ipv4);
    for chain in ["INPUT", "DOCKER-USER"] {
        let first = saved.lines().find(|line| line.starts_with(&format!("-A {chain} ")));
        assert!(first.is_some_and(|line| line.ends_with("-j BLOCKLIST")), "{saved}");
    }
}

#[test]
fn on_20_10_over_nft() {
    blocked(Options::default());
}

#[test]
fn on_20_10_over_legacy() {
    blocked(Options { backend: Backend::Legacy, ..Options::default() });
}

#[test]
fn on_28() {
    blocked(Options { engine: Engine::Sid, ..Options::default() });
}
