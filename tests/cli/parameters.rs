//! Parameters: from the command line, from files, from the environment.

use super::RULES;
use crate::support::command::{Folder, Printed, program};
use crate::support::process::run;

const SCRIPT: &str = "for port in param(\"ports\", [22]) { append(\"INPUT\", tcp().dport(port).accept()); }\n\
    if param(\"closed\", false) { set_policy(\"INPUT\", \"DROP\"); }\n";

fn folder() -> Folder {
    let params = "ports = [80, 443]\nclosed = true\n";
    Folder::new(&[
        ("p.rhai", SCRIPT),
        ("host.rules", RULES),
        ("p.toml", params),
        ("ports.txt", "8080\n\n8443\n"),
    ])
}

fn ports(run: &Printed) -> Vec<&str> {
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let ports = run.stdout.lines().filter_map(|line| line.split("--dport ").nth(1));
    ports.map(|rest| rest.split(' ').next().unwrap()).collect()
}

#[test]
fn the_command_line_counts_for_more_than_files_and_these_for_more_than_the_environment() {
    let folder = folder();
    let with = |args: &[&str], variable: Option<&str>| {
        let mut command = program(folder.path(), &[&["p.rhai", "-i", "host.rules"], args].concat());
        command.envs(variable.map(|value| ("DWSCRIPT_PARAM_PORTS", value)));
        Printed::from(run(&mut command, b""))
    };
    assert_eq!(ports(&with(&[], None)), ["22"]);
    assert_eq!(ports(&with(&[], Some("25,26"))), ["25", "26"]);
    let file = with(&["--params", "p.toml"], Some("25"));
    assert_eq!(ports(&file), ["80", "443"]);
    assert!(file.stdout.contains(":INPUT DROP"));
    assert_eq!(ports(&with(&["--params", "p.toml", "-D", "ports=1"], Some("25"))), ["1"]);
    assert_eq!(ports(&with(&["-D", "ports=@ports.txt"], None)), ["8080", "8443"]);
}

#[test]
fn what_no_script_asks_for_is_an_error_unless_the_environment_says_it() {
    let folder = folder();
    let run = folder.run(&["p.rhai", "-i", "host.rules", "-D", "port=1"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("did you mean `ports`?"), "{}", run.stderr);
    let mut command = program(folder.path(), &["p.rhai", "-i", "host.rules"]);
    command.env("DWSCRIPT_PARAM_OTHER", "1");
    assert_eq!(Printed::from(crate::support::process::run(&mut command, b"")).status, Some(0));
}

#[test]
fn bad_parameters_are_refused() {
    let folder = folder();
    folder.write("bad.toml", "ports = [80,\n");
    folder.write("date.toml", "ports = 2020-01-01\n");
    for args in [
        &["-D", "ports"][..],
        &["-D", "=1"],
        &["-D", "ports=@none.txt"],
        &["-D", "ports=http"],
        &["--params", "none.toml"],
        &["--params", "bad.toml"],
        &["--params", "date.toml"],
    ] {
        let run = folder.run(&[&["p.rhai", "-i", "host.rules"], args].concat());
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(run.stderr.starts_with("error["), "{args:?}: {}", run.stderr);
    }
}
