//! Scripts: what they may do, what they may not, and what they are told.

mod editing;
mod errors;
mod helpers;
mod imports;
mod injection;
mod limits;
mod packets;
mod parameters;
mod reading;
mod reference;
mod words;

use dwscript::model::{Family, owner};

use crate::support::command::{Folder, Printed};

/// A ruleset of all five tables.
pub(crate) const RULES: &str = "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n*filter\n:INPUT ACCEPT [3:4]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:SITE - [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -m comment --comment \"a b\" -j ACCEPT\n-A INPUT -j SITE\n-A SITE -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN\nCOMMIT\n*security\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";

/// Runs a script on the ruleset.
pub(crate) fn run(script: &str) -> Printed {
    run_with(script, &[])
}

/// Runs a script on the ruleset with further arguments.
pub(crate) fn run_with(script: &str, args: &[&str]) -> Printed {
    let folder = Folder::new(&[("s.rhai", script), ("host.rules", RULES)]);
    folder.run(&[&["s.rhai", "-i", "host.rules"], args].concat())
}

/// The rules of a chain after a script that must succeed, without the script's tag.
#[track_caller]
pub(crate) fn rules(script: &str, chain: &str) -> Vec<String> {
    let run = run(script);
    assert_eq!(run.status, Some(0), "{script}\n{}", run.stderr);
    let head = format!("-A {chain} ");
    let rules = run.stdout.lines().filter_map(|line| line.strip_prefix(&head));
    rules.map(|rule| owner::untagged(rule, Family::Ipv4).into_owned()).collect()
}

/// What an error says, of a script that must fail without printing anything.
#[track_caller]
pub(crate) fn error(script: &str) -> String {
    let run = run(script);
    let failed = matches!(run.status, Some(1 | 2)) && run.stdout.is_empty();
    assert!(failed, "{script}\n{:?} {}", run.status, run.stderr);
    run.stderr
}

/// Runs a script that must succeed, and says what it printed.
#[track_caller]
pub(crate) fn said(script: &str) -> String {
    let run = run(script);
    assert_eq!(run.status, Some(0), "{script}\n{}", run.stderr);
    run.stderr
}
