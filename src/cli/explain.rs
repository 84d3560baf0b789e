//! `dwscript explain`: the long form of a message.

use std::fmt::Write as _;

use super::args::ExplainArgs;
use super::output;
use super::status::Status;
use crate::diagnostic::{Diagnostic, Style, did_you_mean};
use crate::report::explain;

pub(super) fn run(args: &ExplainArgs) -> Status {
    match &args.code {
        Some(code) => one(code),
        None => list(),
    }
}

fn one(code: &str) -> Status {
    // Messages show codes in brackets, `warning[shadowed]`.
    let bare = code.rsplit_once('[').map_or(code, |(_, code)| code).trim_end_matches(']');
    if let Some(found) = explain::find(bare) {
        return output::print(&format!("{}: {}\n\n{}\n", found.code, found.about, wrapped(found.text)));
    }
    let unknown = Diagnostic::error("unknown-code", format!("there is no message with the code `{bare}`"));
    let unknown = match did_you_mean(bare, explain::all().map(|known| known.code)) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.help("a message shows its code in brackets; `dwscript explain --list` has all"),
    };
    output::say(&[unknown], Style::Plain);
    Status::Failed
}

/// The text in lines of this many columns.
const COLUMNS: usize = 80;

/// The text with its paragraphs broken anew; what is indented stays as it is.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for line in text.lines() {
        if line.is_empty() || line.starts_with("    ") {
            let end = if column > 0 { "\n" } else { "" };
            let _ = writeln!(out, "{end}{line}");
            column = 0;
            continue;
        }
        for word in line.split_whitespace() {
            let width = word.chars().count();
            let fits = column > 0 && column + 1 + width <= COLUMNS;
            if column > 0 {
                out.push(if fits { ' ' } else { '\n' });
            }
            out.push_str(word);
            column = if fits { column + 1 + width } else { width };
        }
    }
    out
}

/// All codes, each with what it says, in the order of the alphabet.
fn list() -> Status {
    let mut all: Vec<_> = explain::all().collect();
    all.sort_by_key(|explanation| explanation.code);
    let width = all.iter().map(|explanation| explanation.code.len()).max().unwrap_or_default();
    let mut text = String::new();
    for explanation in all {
        let _ = writeln!(text, "{:<width$}  {}", explanation.code, explanation.about);
    }
    output::print(&text)
}
