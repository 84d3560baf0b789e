//! Where results go: standard output, files that are whole or not there, diffs, JSON.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use super::{ADD, ADDED, RULES};
use crate::support::command::Folder;

fn folder() -> Folder {
    Folder::new(&[
        ("add.rhai", ADD),
        ("host.rules", RULES),
        ("nothing.rhai", ""),
        ("fail.rhai", "fail(\"no\");"),
    ])
}

#[test]
fn a_new_file_gets_the_result_and_no_other_is_left() {
    let folder = folder();
    let before = fs::read_dir(folder.path()).unwrap().count();
    let run = folder.run(&["add.rhai", "-i", "host.rules", "-o", "out.rules"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""));
    assert_eq!(folder.read("out.rules"), ADDED);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before + 1);
}

#[test]
fn a_file_that_is_replaced_keeps_its_mode_and_a_link_stays_one() {
    let folder = folder();
    let path = folder.path().join("host.rules");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("host.rules", folder.path().join("link")).unwrap();
    let inode = fs::metadata(&path).unwrap().ino();
    let run = folder.run(&["add.rhai", "-i", "link", "-o", "link"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert_eq!(folder.read("host.rules"), ADDED);
    let new = fs::metadata(&path).unwrap();
    assert_eq!(new.mode() & 0o7777, 0o640);
    assert_ne!(new.ino(), inode, "the file is replaced and not written over");
    assert!(fs::symlink_metadata(folder.path().join("link")).unwrap().is_symlink());
}

#[test]
fn a_failed_run_writes_no_file() {
    let folder = folder();
    let run = folder.run(&["fail.rhai", "-i", "host.rules", "-o", "host.rules"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert_eq!(folder.read("host.rules"), RULES);
}

#[test]
fn devices_are_written_and_not_replaced() {
    let folder = folder();
    let run = folder.run(&["add.rhai", "-i", "host.rules", "-o", "/dev/stdout"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ADDED));
    assert_eq!(folder.run(&["add.rhai", "-i", "host.rules", "-o", "-"]).stdout, ADDED);
    let run = folder.run(&["add.rhai", "-i", "host.rules", "-o", "/dev/full"]);
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("`/dev/full` cannot be written: No space left"), "{}", run.stderr);
    let run = folder.run(&["add.rhai", "-i", "host.rules", "-o", "no/where"]);
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("`no/where` cannot be written"), "{}", run.stderr);
}

#[test]
fn check_answers_by_its_exit_status() {
    let folder = folder();
    let same = folder.run(&["nothing.rhai", "-i", "host.rules", "--check"]);
    assert_eq!((same.status, same.stdout.as_str(), same.stderr.as_str()), (Some(0), "", ""));
    let differs = folder.run(&["add.rhai", "-i", "host.rules", "--check"]);
    assert_eq!(differs.status, Some(1));
    assert_eq!(differs.stdout, folder.run(&["add.rhai", "-i", "host.rules", "--diff"]).stdout);
    assert!(differs.stdout.contains(
        "\n+-A INPUT -p tcp -m tcp --dport 22 -m comment --comment \"dwscript/add\" -j ACCEPT  # add.rhai:1\n"
    ));
    let mended = folder.run_with(&["nothing.rhai", "-i", "-", "--check"], RULES.trim_end());
    assert_eq!(mended.status, Some(1), "what is printed is not what was read");
}

#[test]
fn the_diff_is_coloured_when_told_to_be() {
    let folder = folder();
    let diff = folder.run(&["add.rhai", "-i", "host.rules", "--diff", "--color", "always"]).stdout;
    assert!(diff.contains("\u{1b}[32m+-A INPUT -p tcp"), "{diff:?}");
    let plain = folder.run(&["add.rhai", "-i", "host.rules", "--diff"]).stdout;
    assert!(!plain.contains('\u{1b}'));
}

#[test]
fn json_holds_the_ruleset_the_edits_and_the_diagnostics() {
    let folder = folder();
    let run = folder.run(&["add.rhai", "-i", "host.rules", "--json"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["version"], 1);
    assert_eq!(report["family"], "ipv4");
    let input = &report["ruleset"]["tables"][0]["chains"][0];
    assert_eq!(
        (&input["name"], &input["policy"], &input["builtin"]),
        (&"INPUT".into(), &"ACCEPT".into(), &true.into())
    );
    let rule = &input["rules"][1];
    assert_eq!(rule["number"], 2);
    assert_eq!(rule["canonical"], "-p tcp -m tcp --dport 22 -m comment --comment \"dwscript/add\" -j ACCEPT");
    assert_eq!(rule["owner"], "add");
    assert_eq!(rule["understood"], true);
    assert_eq!((&rule["origin"]["script"], &rule["origin"]["line"]), (&"add.rhai".into(), &1.into()));
    assert!(input["rules"][0]["origin"].is_null());
    let edit = &report["edits"][0];
    assert_eq!(
        (&edit["kind"], &edit["table"], &edit["chain"]),
        (&"add".into(), &"filter".into(), &"INPUT".into())
    );
    assert_eq!(
        edit["added"][0],
        "-A INPUT -p tcp -m tcp --dport 22 -m comment --comment \"dwscript/add\" -j ACCEPT"
    );
    assert_eq!(report["diagnostics"], serde_json::json!([]));
}

#[test]
fn a_failed_run_prints_its_diagnostics_as_json() {
    let folder = folder();
    for args in [["fail.rhai", "-i", "host.rules", "--json"], ["add.rhai", "-i", "none", "--json"]] {
        let run = folder.run(&args);
        assert_eq!((run.status, run.stderr.as_str()), (Some(2), ""));
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert!(report["ruleset"].is_null());
        assert_eq!(report["diagnostics"][0]["severity"], "error");
        assert!(report["diagnostics"][0]["code"].is_string());
    }
    let run = folder.run(&["fail.rhai", "-i", "host.rules", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let place = &report["diagnostics"][0]["place"];
    assert_eq!((&place["file"], &place["line"]), (&"fail.rhai".into(), &1.into()));
}
