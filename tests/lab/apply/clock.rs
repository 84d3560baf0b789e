//! A clock that is set while a run waits: the time of day is for `history` alone.

use std::process::Command;
use std::time::{Duration, Instant};

use super::machine::{Machine, ended};
use crate::support::namespace::Backend;
use crate::support::process::{find, run, text};
use crate::support::skip::available;

/// Moves the time of day, and no other clock, by as many seconds as a file says. The guard's environment is not ours, so
/// that it is loaded by way of `/etc/ld.so.preload`, on a machine of the test's own.
const SHIFT: &str = r"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long offset(void) {
    char text[32] = {0};
    int file = open(OFFSET, O_RDONLY);
    if (file < 0) return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    return length > 0 ? atol(text) : 0;
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    int answer = syscall(SYS_clock_gettime, clock, now);
    if (answer == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += offset();
    return answer;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *place) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (place) *place = exact.tv_sec;
    return exact.tv_sec;
}
";
const PRELOAD: &str = "mkdir /run/etc; cp -a /etc/. /run/etc; pwd >/run/here; \
    echo \"$PWD/shift.so\" >/run/etc/ld.so.preload; mount --bind /run/etc /etc";
const DAY: i64 = 86_400;

fn machine() -> Option<Machine> {
    let compiler = available(find("cc"))?;
    let machine = Machine::new(Backend::Nft, "true")?;
    let folder = machine.host.folder.path();
    machine.host.folder.write("shift.c", SHIFT);
    machine.host.folder.write("offset", "0");
    let place = format!("-DOFFSET=\"{}\"", folder.join("offset").display());
    let mut command = Command::new(compiler);
    command.args(["-shared", "-fPIC", "-O1", &place, "-o", "shift.so", "shift.c"]).current_dir(folder);
    let output = run(&mut command, b"");
    assert!(output.status.success(), "{}", text(&output.stderr));
    machine.must(&["sh", "-ec", PRELOAD]);
    Some(machine)
}

/// The time of day on the machine.
fn date(machine: &Machine) -> i64 {
    machine.must(&["date", "+%s"]).trim().parse().unwrap()
}

/// When a run was, as `history` says it, and what became of it.
fn history(machine: &Machine, id: u64) -> (i64, String) {
    let state = machine.host.state_dir();
    let program = env!("CARGO_BIN_EXE_dwscript");
    let said = machine.must(&[program, "history", "--json", "--state-dir", state.to_str().unwrap()]);
    let object: serde_json::Value = serde_json::from_str(&said).unwrap();
    let runs = object["runs"].as_array().unwrap();
    let run = runs.iter().find(|run| run["run"] == id || run["id"] == id).unwrap_or_else(|| panic!("{said}"));
    (run["seconds"].as_i64().unwrap(), run["state"].as_str().unwrap().to_owned())
}

#[test]
fn a_clock_that_jumps_moves_no_deadline() {
    for jump in [DAY, -DAY] {
        let Some(machine) = machine() else { return };
        let host = &machine.host;
        let before = host.rules();
        let started = date(&machine);
        let waiting = machine.spawn(&["--confirm", "3"]);
        host.wait_for("pending");
        let pending = Instant::now();
        host.folder.write("offset", &jump.to_string());
        assert!((date(&machine) - started - jump).abs() < 60, "the clock has not jumped");
        host.wait_for("rolled-back");
        let waited = pending.elapsed();
        assert!(waited > Duration::from_secs(2) && waited < Duration::from_secs(10), "{waited:?}");
        let unconfirmed = ended(waiting);
        assert_eq!(unconfirmed.status, Some(1), "{}", unconfirmed.stderr);
        assert_eq!(host.rules(), before);
        let (time, state) = history(&machine, 1);
        assert_eq!(state, "rolled-back");
        assert!((time - started).abs() < 60, "{time} and {started}");

        // The next run is the newest, whatever the clock says.
        let next = machine.apply(&["--no-confirm"]);
        assert_eq!(next.status, Some(0), "{}", next.stderr);
        let (time, state) = history(&machine, 2);
        assert_eq!(state, "confirmed");
        assert!((time - started - jump).abs() < 120, "{time} and {started}");
        assert_eq!(host.run(&["revert"]).stdout, "reverted: run 2\n");
        assert_eq!(host.rules(), before);
    }
}
