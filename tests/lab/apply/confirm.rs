//! The confirmation, and what becomes of a run without it.

use std::thread;
use std::time::{Duration, Instant};

use super::{Host, kill};
use crate::support::command::Printed;
use crate::support::namespace::Backend;
use crate::support::process::run;

fn ended(child: std::process::Child) -> Printed {
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_confirmed_run_stays() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let running = host.spawn(&["--confirm", "20"]);
        host.wait_for("pending");
        let new = host.rules();
        // The tests may be run over SSH themselves.
        let confirmed = host.run(&["confirm", "--confirm-here"]);
        assert_eq!(confirmed.status, Some(0), "{}", confirmed.stderr);
        assert!(confirmed.stdout.starts_with("run 1 is confirmed"), "{}", confirmed.stdout);
        let run = ended(running);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains("waiting 20 s for `dwscript confirm 1`"), "{}", run.stderr);
        assert_eq!(host.rules(), new);
        let late = host.run(&["confirm", "1"]);
        assert_eq!(late.status, Some(1));
        assert!(late.stderr.contains("run 1 is confirmed already"), "{}", late.stderr);
    }
}

#[test]
fn an_unconfirmed_run_is_rolled_back_and_what_others_did_stays() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.rules();
        let begun = Instant::now();
        let running = host.spawn(&["--confirm", "1"]);
        host.wait_for("pending");
        host.iptables("-I INPUT -s 192.0.2.7 -j DROP");
        host.iptables("-t nat -A DOCKER -p tcp --dport 8099 -j DNAT --to-destination 172.17.0.9:80");
        host.iptables("-A DOCKER-USER -s 192.0.2.9 -j DROP");
        let run = ended(running);
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        assert!(run.stderr.contains("error[not-confirmed]: run 1"), "{}", run.stderr);
        assert!(begun.elapsed() < Duration::from_secs(6));
        host.iptables("-D INPUT -s 192.0.2.7 -j DROP");
        host.iptables("-t nat -D DOCKER -p tcp --dport 8099 -j DNAT --to-destination 172.17.0.9:80");
        host.iptables("-D DOCKER-USER -s 192.0.2.9 -j DROP");
        assert_eq!(host.rules(), before);
        host.assert_quiet();
    }
}

#[test]
fn a_y_at_the_terminal_confirms_and_an_n_rolls_back() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let before = host.rules();
    let run_with = |answer: &[u8]| {
        Printed::from(run(&mut host.applying(&["--confirm", "20", "--confirm-here"]), answer))
    };
    let no = run_with(b"what\nn\n");
    assert_eq!(no.status, Some(1), "{}", no.stderr);
    assert!(no.stderr.contains("keep the new rules? `y` within 20 s"), "{}", no.stderr);
    assert_eq!(host.rules(), before);
    assert_eq!(run_with(b"y\n").status, Some(0));
    assert_ne!(host.rules(), before);
}

#[test]
fn a_pending_run_bars_others_and_can_be_reverted_at_once() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.rules();
        let mut running = host.spawn(&["--confirm", "60"]);
        host.wait_for("pending");
        let locked = host.apply(&[]);
        assert_eq!(locked.status, Some(2), "{}", locked.stderr);
        assert!(
            locked.stderr.contains("error[pending]") && locked.stderr.contains("dwscript confirm 1"),
            "{}",
            locked.stderr
        );
        // The one that waits is killed; its guard is not.
        kill("-KILL", &running.id().to_string());
        running.wait().unwrap();
        let second = host.apply(&[]);
        assert_eq!(second.status, Some(2), "{}", second.stderr);
        assert!(
            second.stderr.contains("dwscript confirm 1") && second.stderr.contains("dwscript revert 1"),
            "{}",
            second.stderr
        );
        let reverted = host.run(&["revert"]);
        assert_eq!(
            (reverted.status, reverted.stdout.as_str()),
            (Some(0), "reverted: run 1\n"),
            "{}",
            reverted.stderr
        );
        assert_eq!(host.rules(), before);
        host.assert_quiet();
        assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
    }
}

#[test]
fn a_run_whose_guard_has_died_is_rolled_back_by_the_next() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.rules();
        let mut running = host.spawn(&["--confirm", "60"]);
        host.wait_for("pending");
        kill("-KILL", &running.id().to_string());
        running.wait().unwrap();
        for pid in host.processes() {
            kill("-KILL", &pid);
        }
        host.assert_quiet();
        host.iptables("-A INPUT -s 192.0.2.7 -j DROP");
        host.folder.write("other.rhai", "append(\"OUTPUT\", \"-o lo -j ACCEPT\");\n");
        let next = host.run(&["other.rhai", "--apply", "--no-confirm", "-4", "--iptables-dir", "bin"]);
        assert_eq!(next.status, Some(0), "{}", next.stderr);
        assert!(next.stderr.contains("rolled back run 1, whose guard had died"), "{}", next.stderr);
        assert_eq!(host.run(&["revert"]).status, Some(0));
        host.iptables("-D INPUT -s 192.0.2.7 -j DROP");
        assert_eq!(host.rules(), before);
    }
}

#[test]
fn the_guard_that_dies_while_it_is_followed_is_stood_in_for() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let before = host.rules();
    let running = host.spawn(&["--confirm", "60"]);
    host.wait_for("pending");
    for pid in host.processes().into_iter().filter(|pid| *pid != running.id().to_string()) {
        kill("-KILL", &pid);
    }
    let run = ended(running);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("error[guard-died]"), "{}", run.stderr);
    assert_eq!(host.rules(), before);
}

#[test]
fn a_commit_whose_guard_has_died_is_waited_for() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let before = host.rules();
    host.fake(
        "iptables-restore",
        "case \"$*\" in *noflush*) echo >${0%/*}/../committing; sleep 1.5;; esac; exec $real \"$@\"",
    );
    let mut running = host.spawn(&["--confirm", "60", "-4"]);
    let sign = host.folder.path().join("committing");
    let begun = Instant::now();
    while !sign.exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not come to commit");
        thread::sleep(Duration::from_millis(5));
    }
    kill("-KILL", &running.id().to_string());
    running.wait().unwrap();
    host.processes().iter().for_each(|pid| kill("-KILL", pid));
    let early = host.apply(&["--no-confirm", "-4"]);
    assert_eq!(early.status, Some(2), "{}", early.stderr);
    thread::sleep(Duration::from_secs(2));
    assert_ne!(host.rules(), before, "the commit was not under way");
    let later = host.apply(&["--no-confirm", "-4"]);
    assert_eq!(later.status, Some(0), "{}", later.stderr);
    assert!(later.stderr.contains("rolled back run 1"), "{}", later.stderr);
    assert_eq!(host.run(&["revert"]).status, Some(0));
    assert_eq!(host.rules(), before);
}
