//! Runs in a row, by pipes and in one process; readers that stop early.

use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;

use dwscript::samples::SAMPLES;

use super::{ADD, RULES};
use crate::support::command::{Folder, program};

const FIRST: &str = "new_chain(\"SITE\"); append(\"SITE\", \"-s 10.0.0.0/8 -j RETURN\"); note(\"ours\"); append(\"INPUT\", \"-j SITE\"); set_policy(\"FORWARD\", \"DROP\");";
const SECOND: &str = "insert_before(\"INPUT\", \"SITE\", \"-i lo -j ACCEPT\"); append(\"SITE\", \"-j DROP\"); remove_rule(\"SITE\", 1); table(\"mangle\").append(\"FORWARD\", \"-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu\");";

#[test]
fn a_pipe_of_two_runs_gives_what_one_run_of_two_scripts_gives() {
    let folder = Folder::new(&[("a.rhai", FIRST), ("b.rhai", SECOND), ("host.rules", RULES)]);
    let mut inputs = vec![vec!["-i", "host.rules"], vec!["-i", "/dev/null"]];
    inputs.extend(SAMPLES.iter().map(|sample| vec!["--sample", sample.name]));
    for input in inputs {
        let one = folder.run(&[&["a.rhai", "b.rhai"], input.as_slice()].concat());
        assert_eq!(one.status, Some(0), "{}", one.stderr);
        let first = folder.run(&[&["a.rhai"], input.as_slice()].concat());
        let second = folder.run_with(&["b.rhai", "-i", "-"], &first.stdout);
        assert_eq!(second.stdout, one.stdout, "{input:?}: {}", second.stderr);
    }
}

#[test]
fn a_reader_that_stops_early_is_no_fault() {
    let large = Folder::new(&[("add.rhai", ADD)]);
    let rules = format!("*filter\n{}COMMIT\n", "-A INPUT -s 192.0.2.1/32 -j ACCEPT\n".repeat(100_000));
    large.write("large.rules", &rules);
    for format in ["--format=restore", "--format=json"] {
        let mut command = program(large.path(), &["add.rhai", "-i", "large.rules", format]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut head = [0; 100];
        child.stdout.take().unwrap().read_exact(&mut head).unwrap();
        let mut words = String::new();
        child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
        assert_eq!((child.wait().unwrap().code(), words.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = program(root, &["scripts/tutorial.rhai", "--sample", "docker28-published"]);
    let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`standard output` cannot be written"));
}
