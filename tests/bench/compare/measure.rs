//! What a process used.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

/// CPU time, time on the wall and memory of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    cpu: Duration,
    wall: Duration,
    memory: u64,
}

impl Usage {
    /// User and system time in milliseconds.
    pub(crate) const fn cpu_ms(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e3
    }

    /// Time from start to end in milliseconds.
    pub(crate) const fn wall_ms(&self) -> f64 {
        self.wall.as_secs_f64() * 1e3
    }

    /// The largest resident set in bytes.
    #[expect(clippy::cast_precision_loss, reason = "memory is far under 2^53 bytes")]
    pub(crate) const fn bytes(&self) -> f64 {
        self.memory as f64
    }

    /// The largest resident set in megabytes.
    pub(crate) const fn megabytes(&self) -> f64 {
        self.bytes() / 1e6
    }
}

/// The median run by CPU time of each command; the commands take turns, so that a busy minute hits all of them.
pub(crate) fn medians(runs: usize, commands: &[&dyn Fn() -> Command]) -> Vec<Usage> {
    let mut usages: Vec<Vec<Usage>> = commands.iter().map(|_| Vec::new()).collect();
    for _ in 0..runs {
        for (command, usages) in commands.iter().zip(&mut usages) {
            usages.push(measure(command()));
        }
    }
    let median = |mut usages: Vec<Usage>| {
        usages.sort_by_key(|usage| usage.cpu);
        usages[usages.len() / 2]
    };
    usages.into_iter().map(median).collect()
}

/// Runs a command, its output thrown away.
///
/// The largest resident set of a child counts its parent's up to `exec`: this program stays small.
fn measure(mut command: Command) -> Usage {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    // Cargo has each program look for its libraries in the toolchain first; a user's shell does not.
    command.env_remove("LD_LIBRARY_PATH");
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let used = child.wait4().unwrap();
    let wall = start.elapsed();
    assert!(used.status.success(), "{command:?}: {}", used.status);
    Usage { cpu: used.rusage.utime + used.rusage.stime, wall, memory: used.rusage.maxrss }
}
