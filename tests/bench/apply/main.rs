//! `--apply` of a change of one rule to a host with 10,000, against `iptables-save | iptables-restore` in the same namespace.
//!
//! `cargo bench --bench apply` prints the medians of the time on the wall. It needs root, iptables and python3.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and may fail")]

#[path = "../../support/generate.rs"]
mod generate;

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const RUNS: usize = 9;
const BACKENDS: [&str; 2] = ["nft", "legacy"];
/// What an apply may take of the round trip: with its rehearsal and without. They are asked over nft.
const GOALS: [f64; 2] = [3.5, 2.2];

fn main() {
    // The tests' harness asks every bench target to run once; that is not what this one is for.
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let rules = generate::generate("docker 10000").unwrap();
    println!(
        "{:<8} {:>13} {:>10} {:>6} {:>13} {:>6}",
        "backend", "round trip ms", "apply ms", "", "unrehearsed", ""
    );
    for backend in BACKENDS {
        let program = Path::new("/usr/sbin").join(format!("xtables-{backend}-multi"));
        if program.is_file() {
            compare(backend, &program, &rules);
        }
    }
}

fn compare(backend: &str, program: &Path, rules: &Path) {
    let folder = tempfile::TempDir::new().unwrap();
    let host = Host { holder: holder(), folder: folder.path() };
    fs::create_dir(folder.path().join("bin")).unwrap();
    for name in ["iptables-save", "iptables-restore"] {
        symlink(program, folder.path().join("bin").join(name)).unwrap();
    }
    fs::write(folder.path().join("one.rhai"), "append(\"INPUT\", \"-s 192.0.2.77 -j DROP\");\n").unwrap();
    let loaded = host.command(&folder.path().join("bin/iptables-restore")).arg(rules).status().unwrap();
    assert!(loaded.success());
    let times: Vec<[f64; 3]> =
        (0..RUNS).map(|_| [host.round_trip(), host.apply(&[]), host.apply(&["--no-rehearse"])]).collect();
    let median = |which: fn(&[f64; 3]) -> f64| {
        let mut times: Vec<f64> = times.iter().map(which).collect();
        times.sort_by(f64::total_cmp);
        times.get(RUNS / 2).copied().unwrap_or_default()
    };
    let (trip, apply, bare) =
        (median(|[trip, ..]| *trip), median(|[_, apply, _]| *apply), median(|[.., bare]| *bare));
    let [goal, bare_goal] = GOALS;
    let judged = |ratio: f64, goal: f64| format!("{ratio:>5.2}{}", if ratio <= goal { ' ' } else { '!' });
    println!(
        "{backend:<8} {trip:>13.0} {apply:>10.0} {} {bare:>13.0} {}",
        judged(apply / trip, goal),
        judged(bare / trip, bare_goal)
    );
}

/// A process in a network namespace of its own; it ends with its input.
fn holder() -> Child {
    let mut holder = Command::new("unshare");
    holder.args(["--net", "--", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = holder.spawn().unwrap();
    holder.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    holder.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    holder
}

struct Host<'f> {
    holder: Child,
    folder: &'f Path,
}

impl Host<'_> {
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.holder.id())).arg("--").arg(program);
        command.env("XTABLES_LOCKFILE", self.folder.join("lock")).current_dir(self.folder);
        command
    }

    /// Milliseconds for a save and a restore of all.
    fn round_trip(&self) -> f64 {
        let begun = Instant::now();
        let saved = self.folder.join("saved");
        let save = self
            .command(&self.folder.join("bin/iptables-save"))
            .stdout(File::create(&saved).unwrap())
            .status();
        let load = self.command(&self.folder.join("bin/iptables-restore")).arg(&saved).status();
        assert!(save.unwrap().success() && load.unwrap().success());
        begun.elapsed().as_secs_f64() * 1e3
    }

    /// Milliseconds for an apply; it is reverted then.
    fn apply(&self, options: &[&str]) -> f64 {
        let dwscript = Path::new(env!("CARGO_BIN_EXE_dwscript"));
        let begun = Instant::now();
        let mut command = self.command(dwscript);
        command.args(["one.rhai", "--apply", "-4", "--no-confirm", "--trust", "--iptables-dir", "bin"]);
        command.args(["--state-dir", "state"]).args(options).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.status().unwrap().success());
        let time = begun.elapsed().as_secs_f64() * 1e3;
        let mut command = self.command(dwscript);
        command.args(["revert", "--state-dir", "state"]).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.status().unwrap().success());
        time
    }
}

impl Drop for Host<'_> {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}
