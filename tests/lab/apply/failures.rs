//! What goes wrong, and that the host has its old rules then and is told so.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::machine::{Machine, ended};
use super::{Host, SCRIPT};
use crate::support::command::Printed;
use crate::support::namespace::Backend;
use crate::support::process::run;

/// Parsed by iptables, and refused by the kernel: there is no such estimator.
const REFUSED: &str = "append(\"INPUT\", \"-p tcp --dport 22 -j ACCEPT\");\n\
    append(\"INPUT\", \"-m rateest --rateest nosuch --rateest-lt --rateest-bps1 1mbit -j DROP\");\n\
    append(\"INPUT\", \"-i lo -j ACCEPT\");\n";

#[test]
fn what_the_kernel_refuses_is_refused_before_anything_changes() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.saved();
        host.folder.write("site.rhai", REFUSED);
        let run = host.apply(&["--no-confirm"]);
        assert_eq!(run.status, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains("error[kernel-refused]"), "{}", run.stderr);
        assert!(run.stderr.contains("--> site.rhai:2:1"), "{backend:?}: {}", run.stderr);
        assert!(run.stderr.contains("nothing was changed"), "{}", run.stderr);
        assert_eq!(host.saved(), before);
        assert_eq!(host.state(), None);
    }
}

#[test]
fn without_a_rehearsal_a_refusal_rolls_back() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.rules();
        // Table nat comes before table filter, and is changed when the kernel refuses the latter.
        let nat = "table(\"nat\").append(\"POSTROUTING\", \"-s 10.8.0.0/24 -o eth0 -j MASQUERADE\");\n";
        host.folder.write("site.rhai", &[nat, REFUSED].concat());
        let run = host.apply(&["--no-confirm", "--no-rehearse", "-4"]);
        assert_eq!(run.status, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains("`iptables-restore` refused the change"), "{}", run.stderr);
        assert!(run.stderr.contains("the host has its old rules"), "{}", run.stderr);
        assert_eq!(host.rules(), before);
        assert_eq!(host.state().as_deref(), Some("failed"));
    }
}

#[test]
fn a_second_family_that_fails_takes_the_first_one_back() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.rules();
        host.fake(
            "ip6tables-restore",
            "case \"$*\" in *noflush*) echo no such luck >&2; exit 1;; esac; exec $real \"$@\"",
        );
        let run = host.apply(&["--no-confirm"]);
        assert_eq!(run.status, Some(2), "{}", run.stderr);
        assert!(
            run.stderr.contains("committed ipv4") && run.stderr.contains("no such luck"),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains("the host has its old rules"), "{}", run.stderr);
        assert_eq!(host.rules(), before);
    }
}

#[test]
fn an_iptables_restore_that_hangs_is_killed() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let before = host.rules();
    host.fake("iptables-restore", "case \"$*\" in *noflush*) sleep 300;; esac; exec $real \"$@\"");
    let run = host.apply(&["--no-confirm"]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("hung: it was killed after 10 s"), "{}", run.stderr);
    assert!(run.stderr.contains("the host has its old rules"), "{}", run.stderr);
    assert_eq!(host.rules(), before);
    host.assert_quiet();
}

#[test]
fn a_change_that_does_not_hold_is_made_again_and_then_taken_back() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let before = host.rules();
    // Someone takes the rule out as fast as it is put in.
    let undone = "$real \"$@\" || exit; case \"$*\" in *noflush*) ${real%/*}/iptables -D INPUT -i lo -m comment --comment dwscript/site -j ACCEPT;; esac; exit 0";
    std::os::unix::fs::symlink(host.backend.program().unwrap(), {
        fs::create_dir_all(host.folder.path().join("real")).unwrap();
        host.folder.path().join("real/iptables")
    })
    .unwrap();
    host.fake("iptables-restore", undone);
    let run = host.apply(&["--no-confirm", "-4", "--no-rehearse"]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("does not hold after 3 retries"), "{}", run.stderr);
    assert!(run.stderr.contains("missing: `-A INPUT -i lo"), "{}", run.stderr);
    assert_eq!(host.rules(), before);
}

#[test]
fn an_unusable_state_directory_changes_nothing() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let before = host.saved();
    host.folder.write("state", "a file, not a folder\n");
    let run = host.apply(&["--no-confirm"]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(
        run.stderr.contains("error[unwritable-state]") && run.stderr.contains("--state-dir"),
        "{}",
        run.stderr
    );
    assert_eq!(host.saved(), before);
}

#[test]
fn a_state_directory_of_someone_else_is_refused() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    fs::create_dir(host.state_dir()).unwrap();
    std::os::unix::fs::chown(host.state_dir(), Some(65534), None).unwrap();
    let run = host.apply(&["--no-confirm"]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("is not root's"), "{}", run.stderr);
}

/// A disk that has room for less and less: each time the host has its old rules, or the new ones and all that is kept.
#[test]
fn a_full_disk_changes_nothing() {
    let setup = "mkdir state; mount -t tmpfs -o size=4k,mode=700 tmpfs state";
    let Some(machine) = Machine::new(Backend::Nft, setup) else { return };
    let host = &machine.host;
    let before = host.rules();
    let mut said = String::new();
    for pages in (1..40).rev().map(|left| 40 - left) {
        machine.must(&["sh", "-c", &format!("rm -rf state/* && mount -o remount,size={}k state", pages * 4)]);
        let run = machine.apply(&["--no-confirm", "--no-rehearse"]);
        if run.status == Some(0) {
            assert_ne!(host.rules(), before);
            assert!(said.contains("error[unwritable-state]: the backup cannot be written"), "{said}");
            assert!(said.contains("error[no-guard]") && said.contains("its log cannot be written"), "{said}");
            return;
        }
        assert_eq!(run.status, Some(2), "{pages} pages: {}", run.stderr);
        assert!(
            run.stderr.contains("error[") && run.stderr.contains("old rules")
                || run.stderr.contains("nothing was changed"),
            "{}",
            run.stderr
        );
        assert_eq!(host.rules(), before, "{pages} pages: {}", run.stderr);
        said.push_str(&run.stderr);
    }
    panic!("no room is enough: {said}");
}

#[test]
fn a_disk_that_fills_up_meanwhile_keeps_no_run_from_its_way_back() {
    let setup = "mkdir state; mount -t tmpfs -o size=1m,mode=700 tmpfs state";
    let Some(machine) = Machine::new(Backend::Nft, setup) else { return };
    let host = &machine.host;
    let before = host.rules();
    let waiting = machine.spawn(&["--confirm", "3"]);
    let state = |name: &str| machine.run(&["sh", "-c", &format!("ls state/runs/1/{name}")]).status == Some(0);
    machine.wait_until("pending", || state("pending"));
    assert_ne!(machine.run(&["dd", "if=/dev/zero", "of=state/fill", "bs=4k", "count=1000"]).status, Some(0));
    let run = ended(waiting);
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("error[not-confirmed]"), "{}", run.stderr);
    assert!(state("rolled-back"));
    assert_eq!(host.rules(), before);
}

#[test]
fn a_state_directory_that_is_read_only_changes_nothing() {
    for used in [false, true] {
        let setup = "mkdir state; mount -t tmpfs -o size=1m,mode=700 tmpfs state";
        let Some(machine) = Machine::new(Backend::Nft, setup) else { return };
        let host = &machine.host;
        if used {
            assert_eq!(machine.apply(&["--no-confirm"]).status, Some(0));
            host.iptables("-F INPUT");
        }
        machine.must(&["mount", "-o", "remount,ro", "state"]);
        let before = host.saved();
        let run = machine.apply(&["--no-confirm"]);
        assert_eq!(run.status, Some(2), "{}", run.stderr);
        for words in
            ["error[unwritable-state]", "Read-only file system", "nothing was changed", "--state-dir"]
        {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
        assert_eq!(host.saved(), before);
    }
}

/// The way back is not given up because it cannot be gone at once.
#[test]
fn a_way_back_that_fails_is_tried_until_it_works() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.rules();
        let jam = host.folder.path().join("jam");
        let refuse = format!("[ -e {} ] && {{ echo jammed >&2; exit 4; }}; exec $real \"$@\"", jam.display());
        host.fake("iptables-restore", &refuse);
        let waiting = host.spawn(&["--confirm", "1", "-4"]);
        host.wait_for("pending");
        host.folder.write("jam", "");
        host.wait_for("rolling-back");
        std::thread::sleep(Duration::from_millis(300));
        assert_ne!(host.rules(), before);
        fs::remove_file(jam).unwrap();
        host.wait_for("rolled-back");
        assert_eq!(host.rules(), before);
        let run = super::machine::ended(waiting);
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        assert!(
            run.stderr.contains("the rollback failed, and is tried again") && run.stderr.contains("  jammed"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_lock_that_someone_holds_is_waited_for_and_then_given_up() {
    let Some(host) = Host::new(Backend::Legacy) else { return };
    let before = host.rules();
    let mut holder = host.namespace.command("/bin/sh");
    holder.args(["-c", "exec flock \"$XTABLES_LOCKFILE\" sh -c 'echo held; exec cat'"]);
    let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut word = [0; 5];
    std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut word).unwrap();
    let run = host.apply(&["--no-confirm"]);
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("xtables lock") && run.stderr.contains("exit status 4"), "{}", run.stderr);
    assert!(run.stderr.contains("the host has its old rules"), "{}", run.stderr);
    assert_eq!(host.rules(), before);
    assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
}

#[test]
fn scripts_that_others_can_write_are_refused() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let script = host.folder.path().join("site.rhai");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o666)).unwrap();
    let run = host.apply(&["--no-confirm"]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(
        run.stderr.contains("error[untrusted-script]") && run.stderr.contains("--trust"),
        "{}",
        run.stderr
    );
    assert_eq!(host.apply(&["--no-confirm", "--trust"]).status, Some(0));
    // So are the modules that a script imports.
    fs::set_permissions(&script, fs::Permissions::from_mode(0o644)).unwrap();
    host.folder.write("site.rhai", &format!("import \"ports\" as ports;\n{SCRIPT}"));
    host.folder.write("ports.rhai", "const SSH = 22;");
    let module = host.folder.path().join("ports.rhai");
    fs::set_permissions(&module, fs::Permissions::from_mode(0o666)).unwrap();
    let run = host.apply(&["--no-confirm"]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("the script") && run.stderr.contains("ports.rhai"), "{}", run.stderr);
    fs::set_permissions(&module, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
}

#[test]
fn an_error_of_the_check_stops_before_anything_changes() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let before = host.saved();
    host.folder.write("site.rhai", "append(\"INPUT\", \"-j NOSUCHCHAIN\");\n");
    let begun = Instant::now();
    let run = host.apply(&[]);
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(host.saved(), before);
    assert_eq!(host.state(), None);
}

#[test]
fn without_root_one_sentence_says_so() {
    if crate::support::skip::require_root().is_err() {
        return;
    }
    let Ok(setpriv) = crate::support::process::find("setpriv") else { return };
    let mut command = std::process::Command::new(setpriv);
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", env!("CARGO_BIN_EXE_dwscript")]);
    let run = Printed::from(run(command.args(["/dev/null", "--apply"]), b""));
    if run.stderr.contains("Permission denied") {
        return; // The build's folder is closed to others.
    }
    assert_eq!(run.status, Some(2));
    let sentence =
        "error[needs-root]: `--apply` needs root; printing what scripts make of a ruleset does not\n";
    assert_eq!(run.stderr, sentence);
}
