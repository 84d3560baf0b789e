//! What is not the main job.

use super::RULES;
use crate::support::command::Folder;

#[test]
fn help_and_version_go_to_standard_output() {
    let folder = Folder::new(&[]);
    for args in [["--help"], ["-h"], ["--version"], ["help"], ["man"], ["api"]] {
        let run = folder.run(&args);
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{args:?}");
        assert!(!run.stdout.is_empty(), "{args:?}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(folder.run(&["completions", shell]).stdout.contains("dwscript"));
    }
    let run = folder.run(&["--no-such-option"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
}

#[test]
fn lint_finds_nothing_in_a_sound_ruleset() {
    let folder = Folder::new(&[("host.rules", RULES)]);
    let run = folder.run(&["lint", "-i", "host.rules"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""));
    let run = folder.run(&["lint", "-i", "host.rules", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["diagnostics"], serde_json::json!([]));
}

#[test]
fn lint_says_what_it_finds() {
    let folder = Folder::new(&[
        ("bad.rules", &RULES.replace("ACCEPT\nCOMMIT", "NOWHERE\nCOMMIT")),
        ("cut.rules", "*filter\n"),
    ]);
    let run = folder.run(&["lint", "-i", "bad.rules"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{}", run.stderr);
    assert!(run.stderr.contains("NOWHERE"), "{}", run.stderr);
    let run = folder.run(&["lint", "-i", "cut.rules"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
}
