//! Findings for other programs: SARIF that its schema takes, and GitHub's annotations.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::command::Folder;
use crate::support::process::{run, text};
use crate::support::skip::{Skip, available};

/// The schema of OASIS.
const SCHEMA: &str = "tests/fixtures/sarif-schema-2.1.0.json";

/// A ruleset with findings of several kinds, an error among them, in a file whose name is no plain reference.
const RULES: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT DROP [0:0]\n\
    -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j DROP\n-A INPUT -j NOWHERE\n\
    -A OUTPUT -p tcp -m tcp --dport 99999 -j ACCEPT\nCOMMIT\n";
const FILE: &str = "hosts 1: all.rules";

fn is_there() -> Result<(), Skip> {
    let probe = run(Command::new("python3").args(["-c", "import jsonschema"]), b"");
    if probe.status.success() { Ok(()) } else { Err(Skip::because("needs python3-jsonschema")) }
}

/// What the schema has against a document.
fn faults(document: &str) -> String {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCHEMA);
    let program = "import json, sys, jsonschema\n\
        schema = json.load(open(sys.argv[1]))\n\
        checker = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())\n\
        checker.check_schema(schema)\n\
        for fault in checker.iter_errors(json.load(sys.stdin)): print(fault.json_path, fault.message[:200])";
    let output = run(Command::new("python3").args(["-c", program]).arg(schema), document.as_bytes());
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn the_schema_takes_what_is_printed_as_sarif() {
    let Some(()) = available(is_there()) else { return };
    let folder =
        Folder::new(&[(FILE, RULES), ("both.v4", RULES), ("both.v6", ""), ("cut.rules", "*filter\n")]);
    for args in
        [&["-i", FILE][..], &["-46", "-i", "both"], &["-i", "cut.rules"], &["--sample", "docker28-fresh"]]
    {
        let printed = folder.run(&[&["lint", "--format", "sarif"], args].concat());
        assert_eq!(faults(&printed.stdout), "", "{args:?}\n{}", printed.stdout);
        assert_eq!(printed.stderr, "");
    }
    // The schema is asked in earnest.
    let printed = folder.run(&["lint", "--format", "sarif", "-i", FILE]).stdout;
    assert_ne!(faults(&printed.replace("\"level\": \"warning\"", "\"level\": \"grave\"")), "");
    assert_ne!(faults(&printed.replace("\"startLine\": ", "\"startLine\": -")), "");
}

#[test]
fn sarif_has_the_places_and_the_explanations() {
    let folder = Folder::new(&[(FILE, RULES)]);
    let printed = folder.run(&["lint", "--format", "sarif", "-i", FILE]);
    assert_eq!(printed.status, Some(1));
    let log: Value = serde_json::from_str(&printed.stdout).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let missing = results.iter().find(|result| result["ruleId"] == "missing-chain").unwrap();
    assert_eq!(missing["level"], "error");
    let place = &missing["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "hosts%201%3A%20all.rules");
    assert_eq!(place["region"]["startLine"], 7);
    for result in results {
        let rule =
            &run["tool"]["driver"]["rules"][usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["text"].as_str().unwrap().len() > 20, "{rule}");
    }
}

#[test]
fn annotations_name_file_line_and_code() {
    let folder = Folder::new(&[(FILE, RULES)]);
    let printed = folder.run(&["lint", "--format", "github", "-i", FILE]);
    assert_eq!(printed.status, Some(1));
    let lines: Vec<&str> = printed.stdout.lines().collect();
    let start =
        "::error file=hosts 1%3A all.rules,line=7,col=13,endColumn=20,title=missing-chain::there is no chain";
    assert!(lines.iter().any(|line| line.starts_with(start)), "{}", printed.stdout);
    assert!(lines.iter().all(|line| line.starts_with("::")), "{}", printed.stdout);
}
