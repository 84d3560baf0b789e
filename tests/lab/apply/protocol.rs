//! The way through all steps.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::Host;
use crate::support::namespace::Backend;

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
    assert_eq!(mode(&host.state_dir()), 0o700);
    let folder = host.newest().unwrap();
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
