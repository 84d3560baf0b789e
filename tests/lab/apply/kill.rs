//! Whatever is killed at whatever moment: the host is in its old state or in the confirmed new one.

use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use super::{Host, kill};
use crate::support::namespace::Backend;

/// How long a run waits for its confirmation.
const CONFIRM: Duration = Duration::from_secs(1);
/// How much later the old rules may be back.
const GRACE: Duration = Duration::from_secs(2);

/// Numbers that look random, the same in every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

pub(super) fn rounds() -> u64 {
    if std::env::var_os("DWSCRIPT_SOAK").is_some() { 100 } else { 8 }
}

#[test]
fn a_killed_run_over_nft_is_undone() {
    killed(Backend::Nft, 1);
}

#[test]
fn a_killed_run_over_legacy_is_undone() {
    killed(Backend::Legacy, 2);
}

fn killed(backend: Backend, seed: u64) {
    let Some(host) = Host::new(backend) else { return };
    let mut random = Random(seed);
    let old = host.rules();
    assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
    let new = host.rules();
    assert_eq!(host.run(&["revert"]).status, Some(0));
    for round in 0..rounds() {
        one(&host, &mut random, &old, &new, round, Host::rules);
    }
    assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
    assert_eq!(host.rules(), new);
}

/// Applies, kills, and looks at what is left.
pub(super) fn one(
    host: &Host,
    random: &mut Random,
    old: &str,
    new: &str,
    round: u64,
    look: impl Fn(&Host) -> String,
) {
    let runs = host.newest();
    let mut command = host.applying(&["--confirm", "1"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn().unwrap();
    let signal = match random.below(3) {
        0 => ("-KILL", child.id().to_string()),
        1 => ("-KILL", format!("-{}", child.id())),
        _ => ("-HUP", format!("-{}", child.id())),
    };
    let confirms = random.below(3) == 0;
    thread::sleep(Duration::from_millis(random.below(350)));
    kill(signal.0, &signal.1);
    let killed = Instant::now();
    child.wait().unwrap();
    if confirms {
        host.run(&["confirm", "--confirm-here"]);
    }
    settle(host, killed);
    let what = format!("round {round}, {signal:?}, {:?}", host.state());
    let state = if host.newest() == runs { "none".to_owned() } else { host.state().unwrap() };
    let rules = look(host);
    if state == "confirmed" {
        assert_eq!(rules, new, "{what}");
        assert_eq!(host.run(&["revert"]).status, Some(0), "{what}");
    }
    assert_eq!(look(host), old, "{what}");
    host.assert_quiet();
}

/// Waits until nothing of a run is left at work, for as long as that may take.
pub(super) fn settle(host: &Host, killed: Instant) {
    while !host.processes().is_empty() {
        assert!(killed.elapsed() < CONFIRM + GRACE, "{:?} is still at work", host.state());
        thread::sleep(Duration::from_millis(10));
    }
}
