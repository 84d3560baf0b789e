//! Parameters of each type, and what surrounds the ruleset.

use super::{error, run, run_with};

#[test]
fn a_parameter_becomes_what_its_fallback_is() {
    for (fallback, given, printed) in [
        ("22", "2222", "2224"),
        ("false", "yes", "true"),
        ("\"a\"", "0022", "0022"),
        ("[1]", "1,2", "[1, 2]"),
        ("[]", "a,b", "[\"a\", \"b\"]"),
        ("[\"a\"]", "", "[]"),
    ] {
        let plus = if fallback == "22" { " + 2" } else { "" };
        let run =
            run_with(&format!("print(param(\"x\", {fallback}){plus});"), &["-D", &format!("x={given}")]);
        assert_eq!(run.stderr, format!("{printed}\n"), "{fallback} {given}");
    }
    for (fallback, given) in [("22", "a"), ("false", "maybe"), ("[1]", "1,a")] {
        let run = run_with(&format!("param(\"x\", {fallback});"), &["-D", &format!("x={given}")]);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
        assert!(run.stderr.contains("error[bad-parameter]") && run.stderr.contains("-D x"), "{}", run.stderr);
    }
}

#[test]
fn a_required_parameter_must_be_given() {
    assert!(error("required(\"x\");").contains("give it as `-D x=VALUE`"));
    assert_eq!(run_with("print(required(\"x\"));", &["-D", "x=5"]).stderr, "5\n");
}

#[test]
fn warnings_do_not_end_a_run_and_notes_are_printed_in_front_of_the_rule() {
    let run = run_with("warn(\"careful\"); note(\"why\"); append(\"INPUT\", \"-j DROP\");", &["--no-tag"]);
    assert_eq!(run.status, Some(0));
    assert!(
        run.stderr.contains("warning[script-warning]: careful") && run.stderr.contains("s.rhai:1:1"),
        "{}",
        run.stderr
    );
    assert!(run.stdout.contains("# why\n-A INPUT -j DROP\n"), "{}", run.stdout);
}

#[test]
fn a_set_has_a_name_and_addresses_of_the_family() {
    let script = "ipset(\"admins\", [\"192.0.2.1\", \"10.0.0.0/8\"]); append(\"INPUT\", rule().set(\"admins\", \"src\").accept());";
    assert!(run(script).stdout.contains("--match-set admins src"));
    for script in [
        "ipset(\"admins\", [\"10.0.0.0/33\"]);",
        "ipset(\"admins\", [5]);",
        "ipset(\"admins\", [\"nobody\"]);",
        "ipset(\"dwscript-new\", []);",
        "ipset(\"\", []);",
        "ipset(\"-x\", []);",
        "ipset(\"a b\", []);",
        "ipset(\"a\\nb\", []);",
    ] {
        assert!(error(script).contains("error[bad-set]"), "{script}");
    }
}

#[test]
fn allowing_edits_of_docker_says_nothing_by_itself() {
    assert_eq!(run("allow_docker_edit();").stderr, "");
}
