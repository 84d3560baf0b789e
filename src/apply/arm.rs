//! Starting the guard, so that nothing that ends this process ends it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::process;
use super::record::{Event, State};
use super::run::Run;
use super::tools::system_program;
use crate::diagnostic::Diagnostic;

/// How long the guard may take to be there.
const PATIENCE: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(2);

/// Starts the guard of `run` and waits until it is there. From then on it works by itself.
///
/// # Errors
/// That it does not come; the run is over then, and nothing was changed.
pub fn arm(run: &Run, state_dir: &Path) -> Result<Armed, Diagnostic> {
    let guard = spawn(run, state_dir);
    let guard = match guard {
        Ok(guard) => guard,
        Err(error) => return Err(no_guard(run, &error.to_string())),
    };
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if run.events().contains(&Event::Armed) {
            return Ok(Armed { guard });
        }
        if run.state() == State::Failed {
            return Err(no_guard(run, "its log cannot be written, as on a disk that is full"));
        }
        thread::sleep(TICK);
    }
    Err(no_guard(run, &format!("it did not answer within {} s", PATIENCE.as_secs())))
}

/// A guard that is there.
#[derive(Debug)]
pub struct Armed {
    guard: Child,
}

impl Armed {
    /// Waits until the guard of a run that is over has gone.
    pub fn wait(mut self, run: &Run) {
        let begun = Instant::now();
        let is_there = |guard: &mut Child| run.is_guarded() || matches!(guard.try_wait(), Ok(None));
        while begun.elapsed() < PATIENCE && is_there(&mut self.guard) {
            thread::sleep(TICK);
        }
    }
}

fn no_guard(run: &Run, why: &str) -> Diagnostic {
    // A guard that comes too late finds a run that is over, and goes.
    let _ = run.go(State::Applying, State::Failed);
    Diagnostic::error("no-guard", format!("the rollback could not be armed: {why}"))
        .note("nothing was changed")
        .help("run this again; `dwscript history` shows what became of it")
}

fn spawn(run: &Run, state_dir: &Path) -> std::io::Result<Child> {
    let mut command = match unit(run) {
        Some(unit) => unit,
        None => process::command(Path::new("/proc/self/exe")),
    };
    command.arg("guard").arg("--state-dir").arg(state_dir).arg(run.id().to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// A transient unit, where systemd is the system's first process: logind may kill every process of a closed session. A
/// unit runs in the namespaces of that process, so that from others the guard is started by itself.
fn unit(run: &Run) -> Option<Command> {
    let is_systemd = Path::new("/run/systemd/system").is_dir();
    let same = |kind: &str| {
        let link = |process: &str| fs::read_link(format!("/proc/{process}/ns/{kind}")).ok();
        link("self").is_some_and(|own| link("1") == Some(own))
    };
    if !is_systemd || !same("net") || !same("mnt") {
        return None;
    }
    let program: PathBuf = std::env::current_exe().ok().filter(|program| program.is_file())?;
    let mut command = process::command(&system_program("systemd-run")?);
    command.args(["--quiet", "--collect", "--property=KillMode=process", "--property=OOMScoreAdjust=-900"]);
    command.arg(format!("--unit=dwscript-guard-{}-{}", run.id(), std::process::id()));
    command
        .args(["--description=dwscript: roll the firewall back unless it is confirmed", "--setenv=LC_ALL=C"]);
    for name in process::ENVIRONMENT {
        if let Ok(value) = std::env::var(name) {
            command.arg(format!("--setenv={name}={value}"));
        }
    }
    command.arg("--").arg(program);
    Some(command)
}
