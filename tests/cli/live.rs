//! The live ruleset, with programs in the place of `iptables-save`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{ADD, ADDED, RULES};
use crate::support::command::{Folder, Printed, dwscript};
use crate::support::namespace::Namespace;
use crate::support::skip::{available, require_root};

/// A run whose `iptables-save` and `ip6tables-save` are this shell script.
fn run_with(shell: &str, args: &[&str]) -> Printed {
    let folder = Folder::new(&[("add.rhai", ADD), ("host.rules", RULES)]);
    for name in ["iptables-save", "ip6tables-save"] {
        folder.write(name, &format!("#!/bin/sh\n{shell}\n"));
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder.run(&[&["add.rhai", "--iptables-dir", "."], args].concat())
}

#[test]
fn without_iptables_the_error_names_the_ways_on() {
    let folder = Folder::new(&[("add.rhai", ADD)]);
    let run = folder.run(&["add.rhai", "--iptables-dir", "."]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("--input FILE") && run.stderr.contains("--sample NAME"), "{}", run.stderr);
}

#[test]
fn without_root_one_sentence_says_so() {
    if require_root().is_ok() {
        // Root may become nobody; a user cannot become root.
        let Some(setpriv) = available(crate::support::process::find("setpriv")) else { return };
        let mut command = std::process::Command::new(setpriv);
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", env!("CARGO_BIN_EXE_dwscript")]);
        command.args(["/dev/null", "--iptables-dir", "/usr/sbin"]);
        let Some(_) = available(crate::support::process::find("iptables-save")) else { return };
        let run = Printed::from(crate::support::process::run(&mut command, b""));
        if run.stderr.contains("Permission denied") {
            return; // The build's folder is closed to others.
        }
        assert_needs_root(&run);
    } else {
        assert_needs_root(&run_with("echo never", &[]));
    }
}

#[track_caller]
fn assert_needs_root(run: &Printed) {
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.starts_with("error[needs-root]: reading the live ruleset"), "{}", run.stderr);
    assert!(run.stderr.contains("--input FILE") && run.stderr.contains("--sample NAME"), "{}", run.stderr);
}

#[test]
fn what_iptables_save_prints_is_the_ruleset() {
    let Some(()) = available(require_root()) else { return };
    let run = run_with("cat host.rules", &[]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), ADDED, ""));
    let run = run_with("case $0 in *ip6tables-save) cat host.rules;; esac", &["-6"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ADDED));
}

#[test]
fn half_a_ruleset_is_refused() {
    let Some(()) = available(require_root()) else { return };
    let warning = "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them";
    let run = run_with(&format!("cat host.rules; echo '{warning}' >&2"), &[]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("error[incomplete-dump]"), "{}", run.stderr);
}

#[test]
fn a_failing_iptables_save_is_quoted() {
    let Some(()) = available(require_root()) else { return };
    let run = run_with("cat host.rules; echo 'no such kernel' >&2; exit 3", &[]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert!(
        run.stderr.contains("note: no such kernel") && run.stderr.contains("exit status: 3"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_ruleset_of_a_real_namespace_is_read() {
    let Some(namespace) = available(Namespace::new()) else { return };
    let backend = crate::support::namespace::Backend::Nft;
    namespace.restore(backend, dwscript::model::Family::Ipv4, RULES, &[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/tutorial.rhai");
    let run = Printed::from(namespace.run(env!("CARGO_BIN_EXE_dwscript"), &[script], b""));
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("-A INPUT -i lo -j ACCEPT\n"), "{}", run.stdout);
    assert!(run.stdout.contains(":INPUT DROP "), "{}", run.stdout);
}

#[test]
fn samples_need_no_root() {
    let run = Printed::from(dwscript(&["scripts/harden.rhai", "--sample", "docker28-published"], b""));
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    assert!(run.stdout.contains(":INPUT DROP [0:0]\n"));
}
