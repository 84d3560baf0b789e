//! A systemd of a test's own: `tests/lab/machine.sh`, held by a value. It is up in about half a second.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::engine::script;
use crate::support::process::{find, run, stdout_of, text};
use crate::support::skip::{Skip, require_root};

const PATIENCE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(50);

/// A machine that systemd runs, with a network namespace of its own; it ends with the value.
#[derive(Debug)]
pub(crate) struct Machine {
    folder: TempDir,
    cgroup: PathBuf,
    holder: Option<Child>,
}

impl Machine {
    /// A machine with `dwscript` in /opt and these units in /etc/systemd/system, each with its text.
    pub(crate) fn new(units: &[(&str, &str)]) -> Result<Self, Skip> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        require_root()?;
        for program in ["unshare", "nsenter", "setpriv", "ip", "systemctl", "systemd-run", "journalctl"] {
            find(program)?;
        }
        if !Path::new("/lib/systemd/systemd").is_file() {
            return Err(Skip::because("needs systemd"));
        }
        let folder = tempfile::Builder::new().prefix("dwm").tempdir_in("/tmp");
        let folder = folder.map_err(|error| Skip::because(format!("cannot make a folder: {error}")))?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let cgroup = cgroups()?.join(format!("dwscript-test-{}-{number}", std::process::id()));
        fs::create_dir(&cgroup)
            .map_err(|error| Skip::because(format!("cannot make a cgroup, {}: {error}", cgroup.display())))?;
        let mut machine = Self { folder, cgroup, holder: None };
        fs::create_dir_all(machine.path("etc/systemd/system")).unwrap();
        fs::create_dir_all(machine.path("opt")).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_dwscript"), machine.path("opt/dwscript")).unwrap();
        for (name, text) in units {
            machine.write(&format!("etc/systemd/system/{name}"), text);
        }
        machine.boot()?;
        Ok(machine)
    }

    /// Where a file of the machine's /etc, /var or /opt is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn boot(&mut self) -> Result<(), Skip> {
        let log = fs::File::create(self.path("log")).unwrap();
        let mut holder = Command::new(script("machine.sh"));
        holder.arg(self.folder.path()).arg(&self.cgroup).stdin(Stdio::null());
        holder.stdout(log.try_clone().unwrap()).stderr(log);
        let holder = holder.spawn().map_err(|error| Skip::because(format!("machine.sh: {error}")))?;
        self.holder = Some(holder);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let state = self.try_run(&["systemctl", "is-system-running"]).map(|output| text(&output.stdout));
            // Degraded is a machine whose boot is over too: a unit that fails is what some tests are about.
            if state.is_some_and(|state| ["running", "degraded"].contains(&state.trim())) {
                return Ok(());
            }
            if !matches!(self.holder.as_mut().map(Child::try_wait), Some(Ok(None))) {
                break;
            }
            thread::sleep(TICK);
        }
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        Err(Skip::because(format!(
            "systemd does not boot here: {}",
            log.lines().last().unwrap_or("no message")
        )))
    }

    /// Takes the machine's power away and boots it again: what is in memory is gone, /etc and /var stay.
    #[track_caller]
    pub(crate) fn reboot(&mut self) {
        self.end();
        self.boot().unwrap_or_else(|skip| panic!("{skip:?}"));
    }

    /// The machine's first process.
    fn init(&self) -> Option<u32> {
        let holder = self.holder.as_ref()?.id();
        let children = fs::read_to_string(format!("/proc/{holder}/task/{holder}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    }

    fn try_run(&self, words: &[&str]) -> Option<Output> {
        let init = self.init()?.to_string();
        let mut command = Command::new("nsenter");
        command.args(["--target", &init, "--mount", "--net", "--uts", "--ipc", "--pid", "--cgroup", "--"]);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C");
        Some(run(command.args(words), b""))
    }

    /// Runs a program in the machine.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.try_run(words).expect("the machine runs")
    }

    /// What a program that must succeed prints, run in the machine.
    #[track_caller]
    pub(crate) fn stdout(&self, words: &[&str]) -> String {
        stdout_of(&self.run(words))
    }

    /// Waits until `holds`.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            if begun.elapsed() > PATIENCE {
                let journal = self.run(&["journalctl", "--no-pager", "-o", "cat", "-n", "60"]);
                panic!("never: {what}\n{}", text(&journal.stdout));
            }
            thread::sleep(TICK);
        }
    }

    fn end(&mut self) {
        if let Some(mut holder) = self.holder.take() {
            let _ = holder.kill();
            let _ = holder.wait();
        }
        // The kernel ends the machine's processes after their first one; then its cgroups can go.
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && remove_tree(&self.cgroup).is_err() {
            thread::sleep(TICK);
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.end();
    }
}

/// Removes a cgroup and those below it, which have no files that could be removed.
fn remove_tree(folder: &Path) -> std::io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        }
    }
    fs::remove_dir(folder)
}

/// Where cgroup2 is mounted.
fn cgroups() -> Result<PathBuf, Skip> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mut mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let found = mounts.find(|mount| mount.get(2) == Some(&"cgroup2"));
    found.map(|mount| mount[1].into()).ok_or_else(|| Skip::because("cgroup2 is not mounted"))
}
