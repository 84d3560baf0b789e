//! `--apply` on hosts that tests make: network namespaces, on both backends.

mod backup;
mod churn;
mod clock;
mod confirm;
mod docker;
mod failures;
mod host;
mod kill;
mod lockout;
mod machine;
mod others;
mod protocol;
mod races;
mod sets;
mod ssh;
mod terminal;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use dwscript::model::Family;

use crate::support::command::{Folder, Printed};
use crate::support::namespace::{Backend, Namespace};
use crate::support::process::{run, text};
use crate::support::skip::available;

/// What stands on the host before: Docker's rules, and one that someone else made.
const DOCKER: &str = include_str!("../../../src/samples/docker20-published.rules");

/// Opens what a host needs, closes the rest, and limits a published port.
const SCRIPT: &str = r#"
set_policy("INPUT", "DROP");
append("INPUT", "-i lo -j ACCEPT");
append("INPUT", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
append("INPUT", "-p tcp --dport 22 -j ACCEPT");
if "DOCKER-USER" in chains().map(|c| c.name) { prepend("DOCKER-USER", "-i eth0 -s 203.0.113.0/24 -j DROP"); }
"#;

/// A host.
struct Host {
    namespace: Namespace,
    backend: Backend,
    folder: Folder,
}

impl Host {
    /// A host with Docker's IPv4 rules.
    #[track_caller]
    fn new(backend: Backend) -> Option<Self> {
        let host = Self::empty(backend)?;
        host.load(DOCKER);
        Some(host)
    }

    #[track_caller]
    fn empty(backend: Backend) -> Option<Self> {
        available(backend.check())?;
        let namespace = available(Namespace::new())?;
        let folder = Folder::new(&[("site.rhai", SCRIPT)]);
        backend.link_programs(&folder.path().join("bin"));
        Some(Self { namespace, backend, folder })
    }

    #[track_caller]
    fn load(&self, rules: &str) {
        let output = self.namespace.restore(self.backend, Family::Ipv4, rules, &["-n"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    /// Puts a shell script in the place of a program; `"$real"` in it is that program.
    fn fake(&self, name: &str, shell: &str) {
        let path = self.folder.path().join("bin").join(name);
        let real = self.folder.path().join("real");
        fs::create_dir_all(&real).unwrap();
        symlink(self.backend.program().unwrap(), real.join(name)).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, format!("#!/bin/sh\nreal={}\n{shell}\n", real.join(name).display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A command that runs `dwscript` on the host.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.namespace.command(env!("CARGO_BIN_EXE_dwscript"));
        command.args(args).arg("--state-dir").arg(self.state_dir()).current_dir(self.folder.path());
        command
    }

    /// A command that applies `site.rhai`.
    fn applying(&self, args: &[&str]) -> Command {
        let mut command = self.command(&["site.rhai", "--apply", "--iptables-dir", "bin"]);
        command.args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Printed {
        run(&mut self.command(args), b"").into()
    }

    fn apply(&self, args: &[&str]) -> Printed {
        run(&mut self.applying(args), b"").into()
    }

    /// Applies in the background.
    fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.applying(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// What the kernel holds, without comments and counters.
    #[track_caller]
    fn saved(&self) -> String {
        let both = [Family::Ipv4, Family::Ipv6].map(|family| self.namespace.save(self.backend, family));
        both.concat().lines().filter(|line| !line.starts_with('#')).map(without_counters).collect()
    }

    /// The same without tables that hold nothing: they stay behind.
    #[track_caller]
    fn rules(&self) -> String {
        let saved = self.saved();
        let counts =
            |line: &&str| line.starts_with("-A") || line.starts_with(':') && !line.ends_with(" ACCEPT");
        saved.lines().filter(counts).flat_map(|line| [line, "\n"]).collect()
    }

    /// Runs `iptables`.
    #[track_caller]
    fn iptables(&self, words: &str) {
        let program = self.backend.program().unwrap();
        let args: Vec<&str> = ["iptables"].into_iter().chain(words.split(' ')).collect();
        let output = self.namespace.run(program, &args, b"");
        assert!(output.status.success(), "iptables {words}: {}", text(&output.stderr));
    }

    /// The state of the newest run, as its file says it.
    fn state(&self) -> Option<String> {
        let folder = self.newest()?;
        let names =
            fs::read_dir(folder).ok()?.flatten().map(|entry| entry.file_name().into_string().unwrap());
        let states = [
            "applying",
            "pending",
            "rejected",
            "rolling-back",
            "confirmed",
            "rolled-back",
            "failed",
            "reverted",
        ];
        names.into_iter().find(|name| states.contains(&name.as_str()))
    }

    fn newest(&self) -> Option<PathBuf> {
        let runs = self.state_dir().join("runs");
        let ids = fs::read_dir(&runs).ok()?.flatten();
        let id = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<u64>().ok()).max()?;
        Some(runs.join(id.to_string()))
    }

    /// Waits until the newest run is in this state.
    #[track_caller]
    fn wait_for(&self, state: &str) {
        let begun = Instant::now();
        while self.state().as_deref() != Some(state) {
            assert!(begun.elapsed() < Duration::from_secs(20), "no {state}, but {:?}", self.state());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sees to it that no process of this host's `dwscript` is left.
    #[track_caller]
    fn assert_quiet(&self) {
        let begun = Instant::now();
        while !self.processes().is_empty() {
            assert!(begun.elapsed() < Duration::from_millis(500), "{:?} is left", self.processes());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The processes of this host's `dwscript`, its guards among them.
    fn processes(&self) -> Vec<String> {
        let state = self.state_dir().to_string_lossy().into_owned();
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().into_string().ok());
        pids.filter(|pid| {
            let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            text(&words).contains(&state) && fs::read_link(format!("/proc/{pid}/exe")).is_ok()
        })
        .collect()
    }
}

fn without_counters(line: &str) -> String {
    let line = if line.starts_with(':') { line.split(" [").next().unwrap() } else { line };
    format!("{line}\n")
}

/// Ends a process that a test started.
fn kill(signal: &str, pid: &str) {
    run(Command::new("kill").args([signal, "--", pid]), b"");
}
