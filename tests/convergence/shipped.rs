//! The shipped scripts together: in every order, in one run and as a pipe, they come to the same, stay as they are when run
//! again, and raise no lint.

use crate::support::command::{Printed, dwscript};

const SAMPLES: [(&str, &str); 5] = [
    ("docker20-published", "-4"),
    ("docker20-fresh", "-6"),
    ("docker20-ip6tables", "-6"),
    ("docker28-published", "-4"),
    ("docker28-published", "-6"),
];

/// `log-drops.rhai` stands last, as it says of itself.
const ORDERS: [[&str; 4]; 4] = [
    ["harden", "allowlist", "ratelimit-ssh", "log-drops"],
    ["ratelimit-ssh", "allowlist", "harden", "log-drops"],
    ["allowlist", "harden", "ratelimit-ssh", "log-drops"],
    ["log-drops", "ratelimit-ssh", "harden", "allowlist"],
];

/// Runs scripts; the ruleset. Warned is only of what is meant to be.
#[track_caller]
fn run(scripts: &[&str], args: &[&str], stdin: &str) -> String {
    let scripts: Vec<String> = scripts.iter().map(|name| format!("scripts/{name}.rhai")).collect();
    let mut words: Vec<&str> = scripts.iter().map(String::as_str).collect();
    words.extend(args);
    if scripts.iter().any(|name| name.contains("allowlist")) {
        words.extend(["-D", "allow=tcp/80,udp/53"]);
    }
    let printed = Printed::from(dwscript(&words, stdin.as_bytes()));
    assert_eq!(printed.status, Some(0), "{words:?}: {}", printed.stderr);
    let meant = ["docker-proxy", "INPUT is not closed", "nothing came in on standard input"];
    let known = |line: &str| meant.iter().any(|words| line.contains(words));
    let warned = printed.stderr.lines().find(|line| line.starts_with("warning[") && !known(line));
    assert_eq!(warned, None, "{words:?}: {}", printed.stderr);
    printed.stdout
}

#[test]
fn in_every_order_and_by_pipes() {
    for (sample, family) in SAMPLES {
        for order in ORDERS {
            let whole = run(&order, &["--sample", sample, family], "");
            let again = run(&order, &[family, "-i", "-"], &whole);
            assert_eq!(again, whole, "{sample} {family} {order:?}, run again");

            let mut piped = run(&order[..1], &["--sample", sample, family], "");
            for script in &order[1..] {
                piped = run(&[script], &[family, "-i", "-"], &piped);
            }
            assert_eq!(piped, whole, "{sample} {family} {order:?}, as a pipe");

            // What is true of the engine itself stays so.
            let lint = ["lint", family, "-i", "-", "--allow", "direct-routing"];
            let lint = Printed::from(dwscript(&lint, whole.as_bytes()));
            assert_eq!(
                (lint.status, lint.stdout.as_str(), lint.stderr.as_str()),
                (Some(0), "", ""),
                "{whole}"
            );
        }
    }
}

#[test]
fn logging_says_where_it_must_stand() {
    let wrong = Printed::from(dwscript(
        &["scripts/log-drops.rhai", "scripts/harden.rhai", "--sample", "docker28-published"],
        b"",
    ));
    assert!(wrong.stderr.contains("INPUT is not closed where log-drops.rhai stands"), "{}", wrong.stderr);
    assert!(!wrong.stdout.contains("-j LOG") && wrong.stdout.contains(":INPUT DROP"), "{}", wrong.stdout);
}
