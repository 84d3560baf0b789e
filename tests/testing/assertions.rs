//! What tests of scripts can say, and how they fail.

use crate::support::command::{Folder, Printed};

const DROP: &str = "append(\"INPUT\", \"-p tcp --dport 22 -j DROP\");\n";
const RULES: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
    -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp -m multiport --dports 8000:8010 -j ACCEPT\nCOMMIT\n";

fn folder(test: &str) -> Folder {
    Folder::new(&[
        ("site_test.rhai", test),
        ("drop.rhai", DROP),
        ("host.rules", RULES),
        ("must.rhai", "must_accept(\"in=eth0 proto=tcp dport=23\", \"telnet\");\n"),
        (
            "wants.rhai",
            "let port = param(\"port\", 1); append(\"INPUT\", `-p tcp --dport ${port} -j ACCEPT`);\n",
        ),
    ])
}

fn run(body: &str) -> Printed {
    folder(&format!("const PORT = 22;\nfn test_it() {{\n{body}\n}}\n")).run(&["test", "--time-limit", "30"])
}

#[track_caller]
fn passes(body: &str) {
    let printed = run(body);
    assert_eq!((printed.status, printed.stderr.as_str()), (Some(0), ""), "{}", printed.stdout);
}

/// Fails with a code, and says these things.
#[track_caller]
fn fails(body: &str, code: &str, words: &[&str]) {
    let printed = run(body);
    assert_eq!(printed.status, Some(1), "{}", printed.stdout);
    assert!(printed.stdout.contains("test site_test.rhai::test_it ... FAILED"), "{}", printed.stdout);
    for word in [&format!("error[{code}]"), "site_test.rhai:"].into_iter().chain(words.iter().copied()) {
        assert!(printed.stdout.contains(word), "{word}\n{}", printed.stdout);
    }
}

#[test]
fn packets_are_let_in_or_not() {
    passes(
        "load(\"host.rules\"); assert_accepts(`in=eth0 proto=tcp dport=${global::PORT}`); assert_drops(#{ protocol: \"tcp\", dport: 23 });",
    );
    let way = ["-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", "its way:", "host.rules:5"];
    fails("load(\"host.rules\"); assert_drops(\"in=eth0 proto=tcp dport=22\");", "not-dropped", &way);
    let way = ["`-P INPUT DROP` decides", "filter INPUT", "host.rules:2"];
    fails("load(\"host.rules\"); assert_accepts(\"in=eth0 proto=udp dport=22\");", "not-accepted", &way);
    fails(
        "load(\"host.rules\"); assert_drops(\"in=eth0 src=2001:db8::1 proto=tcp dport=22\");",
        "nothing-loaded",
        &[],
    );
    fails("assert_drops(\"in=eth0 proto=tcp dport=22\");", "nothing-loaded", &["load("]);
    fails("load(\"host.rules\"); assert_drops(\"in=eth0 protocl=tcp\");", "bad-packet", &[]);
}

#[test]
fn a_failure_shows_the_script_that_decides() {
    let body = "load(\"docker28-published\"); run_script(\"drop.rhai\");\nassert_accepts(\"in=eth0 proto=tcp dport=22\");";
    fails(body, "not-accepted", &["drop.rhai:1:1", "this decides", "site_test.rhai:4"]);
}

#[test]
fn what_is_exposed_is_named() {
    passes("load(\"host.rules\"); assert_exposed([\"tcp/22\", \"tcp/8000-8010\"]);");
    passes("load(\"host.rules\"); assert_exposed([\"tcp/8000-8004\", \"tcp/22\", \"tcp/8005-8010\"]);");
    passes(
        "load(\"docker28-published\"); run_script(\"drop.rhai\"); assert_exposed(\"ipv6\", [\"tcp/0-21\", \"tcp/23-65535\", \"udp/*\"]);",
    );
    let beyond = ["tcp/8001-8010 is exposed (ipv4)", "-m multiport --dports 8000:8010", "host.rules:6"];
    fails("load(\"host.rules\"); assert_exposed([\"tcp/22\", \"tcp/8000\"]);", "exposed", &beyond);
    let missing = ["tcp/443 is expected and is not exposed: `-P INPUT DROP`"];
    fails(
        "load(\"host.rules\"); assert_exposed([\"tcp/22\", \"tcp/443\", \"tcp/8000-8010\"]);",
        "exposed",
        &missing,
    );
    fails("load(\"host.rules\"); assert_exposed([\"22\"]);", "bad-value", &["tcp/22"]);
}

#[test]
fn scripts_run_with_parameters_and_may_fail() {
    passes(
        "load(\"host.rules\"); run_script(\"wants.rhai\", #{ port: 23 }); assert_accepts(\"in=eth0 proto=tcp dport=23\");",
    );
    passes(
        "load(\"host.rules\"); run_script([\"wants.rhai\", \"drop.rhai\"]); assert_eq(chain(\"INPUT\").rules.len(), 4);",
    );
    passes("load(\"host.rules\"); assert_fails(|| run_script(\"must.rhai\"), \"must-accept\");");
    fails("load(\"host.rules\"); run_script(\"must.rhai\");", "must-accept", &["must.rhai:1:1", "telnet"]);
    fails("load(\"host.rules\"); run_script(\"wants.rhai\", #{ prot: 23 });", "unknown-parameter", &["port"]);
    fails("load(\"host.rules\"); run_script(\"../drop.rhai\");", "unreadable-input", &["no script"]);
    fails("load(\"host.rules\"); run_script(\"/etc/passwd\");", "module-outside", &[]);
    fails("load(\"host.rules\"); assert_fails(|| run_script(\"drop.rhai\"), \"x\");", "did-not-fail", &[]);
    fails(
        "load(\"host.rules\"); assert_fails(|| assert_eq(1, 2), \"equal\");",
        "failed-otherwise",
        &["not-equal"],
    );
}

#[test]
fn each_test_begins_anew_and_keeps_what_it_read() {
    let tests = "fn test_one() { load(\"host.rules\"); flush(\"INPUT\"); assert_eq(chain(\"INPUT\").rules.len(), 0); }\n\
        fn test_two() { load(\"host.rules\"); assert_eq(chain(\"INPUT\").rules.len(), 2); }\n\
        fn test_three() {\n  load(\"host.rules\");\n  let before = chain(\"INPUT\").rules;\n  load(\"docker28-fresh\", \"ipv6\");\n  \
        assert_eq(family, \"ipv6\");\n  assert_eq(before[0].dport, 22);\n  assert(docker.present, \"docker\");\n}\n";
    let printed = folder(tests).run(&["test", "--time-limit", "30"]);
    assert_eq!(printed.status, Some(0), "{}", printed.stdout);
    assert!(
        printed.stdout.starts_with("running 3 tests\ntest site_test.rhai::test_one ... ok\n"),
        "{}",
        printed.stdout
    );
}

#[test]
fn a_restart_of_docker_takes_what_it_takes() {
    passes(
        "load(\"docker28-published\", \"ipv4\"); append(\"DOCKER\", \"-p tcp --dport 9 -j DROP\");\n\
         assert_eq(count(\"DOCKER\", matching(\"dport 9 \")), 1); restart_docker(); assert_eq(count(\"DOCKER\", matching(\"dport 9 \")), 0);",
    );
    fails("load(\"host.rules\"); restart_docker();", "no-docker", &[]);
}

#[test]
fn what_cannot_be_a_test_is_told() {
    fails("load(\"host.rules\");", "asserts-nothing", &[]);
    fails("load(\"host.rule\");", "unknown-sample", &[]);
    fails("assert_eq(22, \"22\");", "not-equal", &["the first is a number, the second a string"]);
    fails("assert_eqq(1, 2);", "unknown-function", &["did you mean `assert_eq`?"]);
    for (file, code) in [("fn test_it(x) { }", "bad-test"), ("fn test_it() { ", "no-tests")] {
        let printed = folder(file).run(&["test"]);
        assert_eq!(printed.status, Some(1), "{file}");
        assert!([&printed.stdout, &printed.stderr].iter().any(|text| text.contains(code)), "{printed:?}");
    }
    let folder = folder("fn test_it() { loop { } }");
    let printed = folder.run(&["test", "--time-limit", "1"]);
    assert!(printed.stdout.contains("error[time-limit]"), "{}", printed.stdout);
    assert_eq!(folder.run(&["test", "nowhere"]).status, Some(2));
    assert_eq!(folder.run(&["drop.rhai", "-i", "host.rules"]).status, Some(0));
    folder.write("use.rhai", "load(\"host.rules\");");
    let printed = folder.run(&["use.rhai", "-i", "host.rules"]);
    assert!(
        printed.stderr.contains("error[unknown-function]"),
        "scripts have no tests' functions: {}",
        printed.stderr
    );
}
