//! A host with files of its own: a private mount namespace beside its network namespace, so that what is installed on this
//! machine can be configured and run there, and a disk can be full, without a trace outside.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Host;
use crate::support::command::Printed;
use crate::support::namespace::Backend;
use crate::support::process::{run, text};
use crate::support::skip::{Skip, available};

/// A host with a private mount namespace.
///
/// A child process holds it and is the first of a process namespace: when its input ends, so does all that was started there.
pub(super) struct Machine {
    pub(super) host: Host,
    holder: Child,
    /// The number of the process that is in the namespaces.
    inside: u32,
}

impl Machine {
    /// A machine on which `setup`, a shell script, ran in the host's folder; mounts made there are its own.
    #[track_caller]
    pub(super) fn new(backend: Backend, setup: &str) -> Option<Self> {
        let host = Host::new(backend)?;
        available(Self::start(host, setup))
    }

    fn start(host: Host, setup: &str) -> Result<Self, Skip> {
        let failed = |error| Skip::because(format!("cannot make a mount namespace: {error}"));
        let script = format!(
            "mount --make-rprivate / && mount -t tmpfs tmpfs /run && {{ set -e\n{setup}\n}}; echo ready; exec cat"
        );
        let mut holder = host.namespace.command("unshare");
        holder.args(["--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", &script]);
        holder.current_dir(host.folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = holder.spawn().map_err(failed)?;
        let mut line = String::new();
        if let Some(stdout) = holder.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(failed)?;
        }
        let children = format!("/proc/{0}/task/{0}/children", holder.id());
        let inside = std::fs::read_to_string(children).unwrap_or_default().trim().parse().unwrap_or(0);
        let machine = Self { host, holder, inside };
        if line.trim() == "ready" && inside != 0 {
            Ok(machine)
        } else {
            Err(Skip::because("a mount namespace is not allowed, or cannot be set up"))
        }
    }

    /// A command of these words on the machine, in the host's folder.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.host.namespace.command("nsenter");
        command.arg(format!("--target={}", self.inside)).args(["--mount", "--pid", "--", "sh", "-c"]);
        command.arg("cd \"$0\" && exec \"$@\"").arg(self.host.folder.path()).args(words);
        command
    }

    /// Runs a program on the machine.
    pub(super) fn run(&self, words: &[&str]) -> Printed {
        run(&mut self.command(words), b"").into()
    }

    /// Runs a program that must succeed; what it printed.
    #[track_caller]
    pub(super) fn must(&self, words: &[&str]) -> String {
        let printed = self.run(words);
        assert_eq!(printed.status, Some(0), "{words:?}: {} {}", printed.stdout, printed.stderr);
        printed.stdout
    }

    /// Starts a program in the background; it ends with the machine.
    pub(super) fn start_program(&self, words: &[&str]) {
        let mut command = self.command(words);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        thread::spawn(move || child.wait());
    }

    /// A command that applies `site.rhai` on the machine.
    pub(super) fn applying(&self, args: &[&str]) -> Command {
        let state = self.host.state_dir();
        let program = env!("CARGO_BIN_EXE_dwscript");
        let mut words = vec![program, "site.rhai", "--apply", "--iptables-dir", "bin", "--state-dir"];
        words.push(state.to_str().unwrap());
        words.extend(args);
        self.command(&words)
    }

    /// Applies `site.rhai` on the machine.
    pub(super) fn apply(&self, args: &[&str]) -> Printed {
        run(&mut self.applying(args), b"").into()
    }

    /// Applies in the background.
    pub(super) fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.applying(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until `holds`.
    #[track_caller]
    pub(super) fn wait_until(&self, what: &str, holds: impl Fn() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{what}: not within 30 s: {}",
                self.host.rules()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

/// The end of a run in the background.
pub(super) fn ended(child: Child) -> Printed {
    let output = child.wait_with_output().unwrap();
    Printed { status: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}
