//! The way through all steps.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::Host;
use crate::support::command::Printed;
use crate::support::namespace::Backend;
use crate::support::process::{find, run};
use crate::support::skip::{Skip, available};

#[test]
fn rules_are_applied_kept_and_undone() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.rules();
        let run = host.apply(&["--no-confirm"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        for step in [
            "read the live rules: backend",
            "rehearsed",
            "backed up as run 1",
            "armed",
            "verified ipv4",
            "confirmed",
        ] {
            assert!(run.stderr.contains(step), "{step}: {}", run.stderr);
        }
        assert!(
            run.stdout.contains("# site.rhai:4") && run.stdout.contains("+++ ip6tables-save"),
            "{}",
            run.stdout
        );
        let after = host.rules();
        assert_eq!(after.matches(":INPUT DROP").count(), 2, "{after}");
        assert_eq!(after.matches("dwscript/site").count(), 7, "{after}");
        host.assert_quiet();

        let again = host.apply(&[]);
        assert_eq!((again.status, again.stdout.as_str()), (Some(0), ""), "{}", again.stderr);
        assert!(again.stderr.ends_with("nothing to do\n"), "{}", again.stderr);
        assert!(host.newest().unwrap().ends_with("1"), "a run without a change is no run");

        let reverted = host.run(&["revert"]);
        assert_eq!(
            (reverted.status, reverted.stdout.as_str()),
            (Some(0), "reverted: run 1\n"),
            "{}",
            reverted.stderr
        );
        assert_eq!(host.rules(), before);
        assert_eq!(host.state().as_deref(), Some("reverted"));
        let nothing = host.run(&["revert"]);
        assert_eq!(nothing.status, Some(2), "{}", nothing.stderr);
    }
}

#[test]
fn only_root_reads_the_state() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = host.newest().unwrap();
    for folder in [&host.state_dir(), &host.state_dir().join("runs"), &folder] {
        assert_eq!(mode(folder), 0o700, "{folder:?}");
    }
    assert_eq!(mode(&host.state_dir().join("lock")), 0o600);
    for entry in fs::read_dir(folder).unwrap().flatten() {
        assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.path());
    }
}

#[test]
fn history_and_json_are_for_programs() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    let run = host.apply(&["--no-confirm", "--json"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    let object: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (&object["backend"], &object["run"], &object["state"]),
        (&"nft".into(), &1.into(), &"confirmed".into())
    );
    assert!(object["families"][0]["diff"].as_str().unwrap().contains("site.rhai:3"));
    let history = host.run(&["history", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&history.stdout).unwrap();
    assert_eq!(object["runs"][0]["scripts"][0], "site.rhai");
    assert_eq!(object["runs"][0]["families"][0]["added"], 5);
    let lines = host.run(&["history"]).stdout;
    assert!(lines.contains("confirmed") && lines.contains("site.rhai"), "{lines}");
}

#[test]
fn all_runs_are_undone_the_newest_first() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.rules();
        assert_eq!(host.apply(&["--no-confirm", "-4"]).status, Some(0));
        host.iptables("-A INPUT -s 192.0.2.7 -j DROP");
        host.folder.write("site.rhai", "set_policy(\"INPUT\", \"DROP\");\nappend(\"INPUT\", \"-p tcp --dport 2222 -j ACCEPT\");\nappend(\"OUTPUT\", \"-j ACCEPT\");\n");
        assert_eq!(host.apply(&["--no-confirm", "-4"]).status, Some(0));
        let reverted = host.run(&["revert", "--all", "--json"]);
        assert_eq!(reverted.status, Some(0), "{}", reverted.stderr);
        assert!(reverted.stdout.contains("\"reverted\""), "{}", reverted.stdout);
        host.iptables("-D INPUT -s 192.0.2.7 -j DROP");
        assert_eq!(host.rules(), before);
    }
}

#[test]
fn the_rehearsal_alone_changes_nothing() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.saved();
        let run = host.run(&["site.rhai", "--rehearse", "--iptables-dir", "bin"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains("rehearsed in a scratch namespace"), "{}", run.stderr);
        assert_eq!(host.saved(), before);
        assert!(!host.state_dir().exists());
        host.folder.write("host.rules", super::DOCKER);
        let run = host.run(&["site.rhai", "--rehearse", "-i", "host.rules"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
    }
}

#[test]
fn a_rehearsal_has_the_sets_that_rules_name() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let made = host.namespace.run("ipset", &["create", "bad", "hash:net", "family", "inet"], b"");
        assert!(made.status.success());
        host.folder.write("site.rhai", "append(\"INPUT\", \"-m set --match-set bad src -j DROP\");\n");
        let run = host.apply(&["--no-confirm", "-4"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(host.rules().contains("--match-set bad src"), "{}", host.rules());
    }
}

#[test]
fn without_a_rehearsal_the_kernel_is_asked_at_once() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.rules();
        let run = host.apply(&["--no-confirm", "--no-rehearse"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(!run.stderr.contains("rehearsed"), "{}", run.stderr);
        assert_eq!(host.run(&["revert", "1"]).status, Some(0));
        assert_eq!(host.rules(), before);
    }
}

#[test]
fn an_owners_rules_are_taken_off_the_host() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let before = host.rules();
        assert_eq!(host.apply(&["--no-confirm"]).status, Some(0));
        let args = [
            "remove",
            "--owner",
            "site",
            "--policy",
            "INPUT=ACCEPT",
            "--apply",
            "--no-confirm",
            "--iptables-dir",
            "bin",
        ];
        let run = host.run(&args);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert_eq!(host.rules(), before);
        assert!(host.run(&["history"]).stdout.contains("remove --owner site"));
        assert_eq!(host.run(&["revert"]).status, Some(0));
        assert_ne!(host.rules(), before);
    }
}

/// All that the way back needs is on the disk before the first rule changes.
#[test]
fn what_is_written_is_flushed_before_anything_changes() {
    let Some(strace) = available(find("strace")) else { return };
    let Some(host) = Host::new(Backend::Nft) else { return };
    let trace = host.folder.path().join("trace");
    let mut command = host.namespace.command(strace);
    command.args([
        "-f",
        "-y",
        "-qq",
        "-s",
        "200",
        "-e",
        "trace=fsync,rename,renameat,renameat2,execve",
        "-o",
    ]);
    command.arg(&trace).args([env!("CARGO_BIN_EXE_dwscript"), "site.rhai", "--apply", "--no-confirm"]);
    command.args(["--iptables-dir", "bin", "--state-dir"]).arg(host.state_dir());
    let run = Printed::from(run(command.current_dir(host.folder.path()), b""));
    if run.stderr.contains("ptrace") {
        available::<()>(Err(Skip::because("strace is not allowed")));
        return;
    }
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let text = fs::read_to_string(trace).unwrap();
    let after = |from: usize, call: &str, words: &str| {
        let mut lines = text.lines().enumerate().skip(from);
        let found = lines.find(|(_, line)| line.contains(call) && line.contains(words));
        found.unwrap_or_else(|| panic!("no {call} {words} after line {from}: {text}")).0
    };
    // The state directory's own name, and that of the folder in it.
    let folder = format!("{}>", host.folder.path().display());
    after(0, "fsync(", &folder);
    after(0, "fsync(", "/state>");
    let written = ["ipv4.base>", "ipv4.target>", "ipv6.target>", "record.json>"];
    let flushed = written.map(|name| after(0, "fsync(", name)).into_iter().max().unwrap();
    let flushed = after(flushed, "fsync(", "/state/runs/.new-");
    let named = after(flushed, "rename", "/state/runs/1\"");
    let kept = after(named, "fsync(", "/state/runs>");
    let armed = after(kept, "execve(", "\"guard\"");
    let changed = after(armed, "execve(", "\"--noflush\"");
    let confirmed = after(changed, "rename", "/state/runs/1/confirmed");
    after(confirmed, "fsync(", "/state/runs/1>");
    // Nothing was changed before.
    assert_eq!(after(0, "execve(", "\"--noflush\""), changed);
}

#[test]
fn the_legacy_backend_waits_for_its_lock_and_nft_has_none() {
    for backend in Backend::usable() {
        let Some(host) = Host::new(backend) else { return };
        let log = host.folder.path().join("log");
        host.fake("iptables-restore", &format!("echo \"$*\" >>{}; exec $real \"$@\"", log.display()));
        assert_eq!(host.apply(&["--no-confirm", "-4", "--no-rehearse"]).status, Some(0));
        let expected = if backend == Backend::Legacy { "-w 5 --noflush" } else { "--noflush" };
        let log = host.folder.read("log");
        assert_eq!(log.lines().filter(|line| *line != "--version").collect::<String>(), expected);
    }
}

/// Whoever watches sees what is to be done before it is, and each step with its time.
#[test]
fn what_will_change_is_shown_before_it_does() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    assert!(host.namespace.run("nft", &["add table inet mine"], b"").status.success());
    let mut command = host.namespace.command("sh");
    command.args(["-c", "exec \"$0\" \"$@\" 2>&1", env!("CARGO_BIN_EXE_dwscript"), "site.rhai", "--apply"]);
    command.args(["--no-confirm", "--iptables-dir", "bin", "--state-dir"]).arg(host.state_dir());
    let run = Printed::from(run(command.current_dir(host.folder.path()), b""));
    assert_eq!(run.status, Some(0), "{}", run.stdout);
    let mut from = 0;
    for words in [
        "read the live rules: backend nft, ipv4 and ipv6  ",
        "ran and checked the scripts  ",
        "warning[other-tables]",
        "+++ iptables-save",
        "+-A INPUT -i lo -m comment --comment \"dwscript/site\" -j ACCEPT",
        "+++ ip6tables-save",
        "rehearsed in a scratch namespace  ",
        "backed up as run 1  ",
        "armed the rollback  ",
        "committed ipv4: 5 lines  ",
        "verified ipv4  ",
        "committed ipv6: 4 lines  ",
        "verified ipv6  ",
        "confirmed: the new rules stay; `dwscript revert 1` undoes them",
    ] {
        let words = words.replace('"', "");
        let rest = run.stdout.replace('"', "");
        let at = rest.get(from..).and_then(|rest| rest.find(&words));
        from += at.unwrap_or_else(|| panic!("no {words} after {from}: {}", run.stdout));
    }
    let timed = run.stdout.lines().filter(|line| line.ends_with(" ms") || line.ends_with(" s"));
    assert!(timed.count() >= 9, "{}", run.stdout);
}

#[test]
fn what_takes_over_a_second_is_said_to_go_on() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    host.fake("iptables-save", "sleep 1.3; exec $real \"$@\"");
    let run = host.apply(&["--no-confirm", "-4", "--no-rehearse"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    for words in ["reading the live rules …\n", "making and verifying the change …\n"] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let json = host.run(&["history", "--json"]);
    assert_eq!(json.status, Some(0));
}

/// A program learns from the object what a person reads.
#[test]
fn a_failure_is_told_in_json_too() {
    let Some(host) = Host::new(Backend::Nft) else { return };
    host.fake(
        "ip6tables-restore",
        "case \"$*\" in *noflush*) echo no such luck >&2; exit 1;; esac; exec $real \"$@\"",
    );
    let run = host.apply(&["--no-confirm", "--json"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(2), ""), "{}", run.stdout);
    let object: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(object["state"], "failed");
    let error = &object["errors"][0];
    assert_eq!(error["code"], "not-applied");
    assert!(error["message"].as_str().unwrap().contains("ip6tables-restore"), "{error}");
    let notes = error["notes"].to_string();
    assert!(notes.contains("no such luck") && notes.contains("the host has its old rules"), "{notes}");
    assert_eq!(host.apply(&["--no-confirm", "-4"]).status, Some(0));
    let again: serde_json::Value = serde_json::from_str(&host.apply(&["-4", "--json"]).stdout).unwrap();
    assert_eq!((&again["state"], &again["run"]), (&"nothing-to-do".into(), &serde_json::Value::Null));
}
