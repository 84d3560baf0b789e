//! Running the host's programs: directly, with a time limit, and with nothing of our environment that could steer them.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// What programs may know of our environment: where the lock of the legacy backend is, and where iptables has its modules.
pub(super) const ENVIRONMENT: [&str; 2] = ["XTABLES_LOCKFILE", "XTABLES_LIBDIR"];

/// How long a killed program may take to be gone.
const GRACE: Duration = Duration::from_secs(2);

/// Why a program came to no end of its own.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProcessError {
    /// It cannot be started.
    #[error("`{program}` cannot be run: {error}")]
    Start {
        /// Its path.
        program: String,
        /// Why.
        error: std::io::Error,
    },
    /// It took too long.
    #[error("`{program}` hung: it was killed after {seconds} s")]
    Hung {
        /// Its path.
        program: String,
        /// How long it was waited for.
        seconds: u64,
    },
}

/// What a program that ended left.
#[derive(Debug)]
pub(super) struct Finished {
    /// How it ended.
    pub(super) status: ExitStatus,
    /// Its standard output.
    pub(super) stdout: Vec<u8>,
    /// Its standard error, without blanks at its ends.
    pub(super) stderr: String,
}

impl Finished {
    /// What it said, line by line, without where to find help.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.stderr.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("Try `"))
    }

    /// How it ended, in words.
    pub(super) fn ending(&self) -> String {
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("killed by signal {signal}"),
            (None, None) => "ended".to_owned(),
        }
    }
}

/// A command for the program at `path`.
pub(super) fn command(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear().env("LC_ALL", "C");
    for name in ENVIRONMENT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Runs a command to its end with `input` as its standard input; one that takes longer than `limit` is killed, and what it
/// started with it.
///
/// # Errors
/// [`ProcessError`].
pub(super) fn run(command: Command, input: Vec<u8>, limit: Duration) -> Result<Finished, ProcessError> {
    run_with(command, input, Stdio::piped(), limit)
}

/// The same with a standard output of its own.
pub(super) fn run_with(
    mut command: Command,
    input: Vec<u8>,
    stdout: Stdio,
    limit: Duration,
) -> Result<Finished, ProcessError> {
    let program = command.get_program().to_string_lossy().into_owned();
    // A group of its own, so that all that it started can be killed.
    command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped()).process_group(0);
    let start = |error| ProcessError::Start { program: program.clone(), error };
    let mut child = command.spawn().map_err(start)?;
    let group = Pid::from_child(&child);
    if let Some(mut pipe) = child.stdin.take() {
        // A program that ends early closes its input: how it ended says why.
        thread::spawn(move || pipe.write_all(&input));
    }
    let (sender, answer) = mpsc::channel();
    thread::spawn(move || sender.send(finish(child)));
    let Ok(output) = answer.recv_timeout(limit) else {
        let _ = kill_process_group(group, Signal::KILL);
        let _ = answer.recv_timeout(GRACE);
        return Err(ProcessError::Hung { program, seconds: limit.as_secs() });
    };
    let Output { status, stdout, stderr } = output.map_err(start)?;
    Ok(Finished { status, stdout, stderr: String::from_utf8_lossy(&stderr).trim().to_owned() })
}

fn finish(child: Child) -> std::io::Result<Output> {
    child.wait_with_output()
}
