//! The diff is true: with its marks taken off, it makes the result of the input.

use dwscript::samples::SAMPLES;

use crate::support::command::{Folder, dwscript};
use crate::support::process::stdout_of;

/// A line of a hunk without its mark.
fn unmarked(line: &str) -> &str {
    line.rfind("  # ").filter(|at| line[*at..].contains(".rhai:")).map_or(line, |at| line[..at].trim_end())
}

/// The first line and the number of lines in `-3,9` or `+3,9`.
fn range(text: &str) -> (usize, usize) {
    let (start, length) = text[1..].split_once(',').unwrap();
    (start.parse().unwrap(), length.parse().unwrap())
}

/// Carries a unified diff out, as `patch` does, and minds its line numbers.
fn patched(before: &str, diff: &str) -> String {
    let before: Vec<&str> = before.lines().collect();
    let mut after: Vec<&str> = Vec::new();
    let mut at = 0;
    for hunk in diff.split("\n@@ ").skip(1) {
        let (head, lines) = hunk.split_once('\n').unwrap();
        let mut ranges = head.split(' ').map(|text| text.split('@').next().unwrap());
        let (old, new) = (range(ranges.next().unwrap()), range(ranges.next().unwrap()));
        let start = if old.1 == 0 { old.0 } else { old.0 - 1 };
        after.extend(&before[at..start]);
        at = start;
        assert_eq!(after.len(), if new.1 == 0 { new.0 } else { new.0 - 1 }, "{head}");
        for line in lines.lines() {
            match line.split_at(1) {
                (" ", text) => {
                    assert_eq!(before[at], text);
                    after.push(text);
                    at += 1;
                }
                ("-", text) => {
                    assert_eq!(before[at], unmarked(text));
                    at += 1;
                }
                ("+", text) => after.push(unmarked(text)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(at, start + old.1, "{head}");
        assert_eq!(after.len() + 1, if new.1 == 0 { new.0 + 1 } else { new.0 + new.1 }, "{head}");
    }
    after.extend(&before[at..]);
    after.iter().flat_map(|line| [line, "\n"]).collect()
}

const CHURN: &str = "for c in chains() { if c.rules.len() > 1 && !c.name.starts_with(\"DOCKER\") { insert(c.name, 2, \"-i lo -j ACCEPT\"); } }\n\
    if \"DOCKER-USER\" in chains().map(|c| c.name) { prepend(\"DOCKER-USER\", \"-i lo -j RETURN\"); }\n\
    new_chain(\"MINE\"); append(\"MINE\", \"-j LOG\"); set_policy(\"INPUT\", \"DROP\");\n\
    table(\"mangle\").append(\"FORWARD\", \"-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu\");\n";

#[test]
fn the_diff_makes_the_result_of_the_input() {
    let folder = Folder::new(&[("churn.rhai", CHURN)]);
    let churn = folder.path().join("churn.rhai").to_string_lossy().into_owned();
    for sample in SAMPLES {
        let before = sample.text(dwscript::model::Family::Ipv4).unwrap();
        for script in ["scripts/harden.rhai", "scripts/tutorial.rhai", churn.as_str()] {
            let run = |format| stdout_of(&dwscript(&[script, "--sample", sample.name, format], b""));
            let (after, diff) = (run("--format=restore"), run("--diff"));
            assert_eq!(patched(before, &diff), after, "{script} on {}:\n{diff}", sample.name);
        }
    }
}
