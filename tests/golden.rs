//! Golden cases: each folder of `tests/cases` is one run of the program, with exactly what it prints.
//!
//! | file | what |
//! | --- | --- |
//! | `args` | the arguments, one a line; without it `script.rhai -i before.rules` |
//! | `before.rules` | the ruleset, which is standard input too |
//! | `script.rhai` | the script |
//! | `after.rules` | standard output; without it nothing is printed |
//! | `stderr.txt` | standard error; without it nothing is said |
//! | `status` | the exit status; without it 0 |
//!
//! `DWSCRIPT_BLESS=1` writes the last three anew. `DWSCRIPT_CASE=NAME` runs the cases whose names hold NAME.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::command::program;
use crate::support::process::run;

const DEFAULT_ARGS: &str = "script.rhai\n-i\nbefore.rules\n";

#[test]
fn cases_print_what_they_are_to_print() {
    let filter = std::env::var("DWSCRIPT_CASE").unwrap_or_default();
    let mut cases: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|case| case.is_dir() && name(case).contains(&filter));
    cases.sort();
    assert!(!cases.is_empty(), "no case is called {filter}");
    let bless = std::env::var_os("DWSCRIPT_BLESS").is_some();
    let failures: Vec<String> = cases.iter().filter_map(|case| check(case, bless)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn name(case: &Path) -> String {
    case.file_name().unwrap().to_string_lossy().into_owned()
}

/// Runs a case; what is wrong with it.
fn check(case: &Path, bless: bool) -> Option<String> {
    let args = fs::read_to_string(case.join("args")).unwrap_or_else(|_| DEFAULT_ARGS.to_owned());
    let args: Vec<&str> = args.lines().collect();
    let mut command = program(case, &args);
    let output = run(&mut command, &fs::read(case.join("before.rules")).unwrap_or_default());
    let status = match output.status.code() {
        Some(0) => String::new(),
        code => format!("{}\n", code.unwrap_or(-1)),
    };
    let files =
        [("after.rules", output.stdout), ("stderr.txt", output.stderr), ("status", status.into_bytes())];
    if bless {
        for (file, actual) in &files {
            write(&case.join(file), actual);
        }
        return None;
    }
    let wrong: String = files.iter().filter_map(|(file, actual)| compare(&case.join(file), actual)).collect();
    (!wrong.is_empty()).then(|| format!("case {}\n{wrong}", name(case)))
}

fn write(file: &Path, actual: &[u8]) {
    if actual.is_empty() {
        let _ = fs::remove_file(file);
    } else {
        fs::write(file, actual).unwrap();
    }
}

fn compare(file: &Path, actual: &[u8]) -> Option<String> {
    let expected = fs::read(file).unwrap_or_default();
    (expected != actual).then(|| format!("{}\n{}", name(file), difference(&expected, actual)))
}

/// The lines between the common head and the common tail of two texts.
fn difference(expected: &[u8], actual: &[u8]) -> String {
    let (expected, actual) = (lines(expected), lines(actual));
    let head = expected.iter().zip(&actual).take_while(|(one, other)| one == other).count();
    let (expected, actual) = (&expected[head..], &actual[head..]);
    let tail = expected.iter().rev().zip(actual.iter().rev()).take_while(|(one, other)| one == other).count();
    let mut text = format!("  from line {}, - expected, + printed\n", head + 1);
    expected[..expected.len() - tail].iter().for_each(|line| writeln!(text, "  -{line}").unwrap());
    actual[..actual.len() - tail].iter().for_each(|line| writeln!(text, "  +{line}").unwrap());
    text
}

/// The lines of a text, control characters spelled out so that a difference in them can be seen.
fn lines(text: &[u8]) -> Vec<String> {
    text.split_inclusive(|byte| *byte == b'\n')
        .map(|line| match line.strip_suffix(b"\n") {
            Some(line) => line.escape_ascii().to_string().replace("\\\"", "\""),
            None => format!("{} (no line feed)", line.escape_ascii()),
        })
        .collect()
}
