//! Which script line made the rule that the kernel refuses.

use std::collections::HashSet;

use crate::diagnostic::Diagnostic;
use crate::model::{Origin, RuleId, Ruleset, TableName};

/// A refused line, and the script line that asked for it.
pub(super) struct Blamed<'r> {
    line: String,
    origin: Option<&'r Origin>,
}

impl Blamed<'_> {
    /// Says so in a diagnostic.
    pub(super) fn put(&self, diagnostic: Diagnostic) -> Diagnostic {
        let diagnostic = diagnostic.note(format!("the line is `{}`", self.line));
        match self.origin {
            Some(origin) if origin.line > 0 => {
                let span = origin.script.expression_span(origin.line, origin.column);
                diagnostic.at(&origin.script, span, "this asked for it")
            }
            _ => diagnostic.note("no script line asked for it: it was there before"),
        }
    }
}

/// The line that iptables-restore names: `line 3 failed`, `Error occurred at line: 3`, `line 3: RULE_APPEND failed`.
pub(super) fn line(said: &str) -> Option<usize> {
    said.split("line").skip(1).find_map(|rest| {
        let rest = rest.trim_start_matches([':', ' ']);
        let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..digits)?.parse().ok()
    })
}

/// The rule that stands in line `number` of the text that the ruleset is written as; none where that is no rule.
pub(super) fn rule<'r>(ruleset: &'r Ruleset, text: &[u8], number: usize) -> Option<Blamed<'r>> {
    let lines = || text.split(|byte| *byte == b'\n');
    let line = String::from_utf8_lossy(lines().nth(number.checked_sub(1)?)?).into_owned();
    if !line.starts_with("-A ") && !line.starts_with("-I ") {
        return None;
    }
    let headers = lines().take(number).filter(|line| line.starts_with(b"*"));
    let header = String::from_utf8_lossy(headers.last()?);
    let table = TableName::parse(header.trim_start_matches('*').trim())?;
    let rules = ruleset.live_chains(table).flat_map(|chain| ruleset.chain(chain).rules().iter());
    let mut alike = rules.filter(|rule| written(ruleset, *rule) == line);
    let first = alike.next();
    let origin = first.into_iter().chain(alike).find_map(|rule| ruleset.asked_by(rule));
    Some(Blamed { line, origin })
}

fn written(ruleset: &Ruleset, rule: RuleId) -> String {
    let line = ruleset.line(rule);
    String::from_utf8_lossy(&ruleset.source().original(&line)).into_owned()
}

/// The numbers of the lines that scripts added, in the order of the text.
pub(super) fn added(ruleset: &Ruleset, text: &[u8]) -> Vec<usize> {
    let chains = TableName::ALL.into_iter().flat_map(|table| ruleset.live_chains(table));
    let rules = chains.flat_map(|chain| ruleset.chain(chain).rules().iter());
    let lines: HashSet<Vec<u8>> = rules
        .filter(|rule| ruleset.added_by(*rule).is_some())
        .map(|rule| written(ruleset, rule).into_bytes())
        .collect();
    let numbered = (1..).zip(text.split(|byte| *byte == b'\n'));
    numbered.filter(|(_, line)| lines.contains(*line)).map(|(number, _)| number).collect()
}

/// The text without these lines, which ascend.
pub(super) fn without(text: &[u8], lines: &[usize]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (number, line) in (1..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
        if lines.binary_search(&number).is_err() {
            out.extend_from_slice(line);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_found_in_what_iptables_restore_says() {
        for said in [
            "iptables-restore: line 12 failed",
            "iptables-restore v1.8.9 (nf_tables): Bad argument `x'\nError occurred at line: 12\nTry `iptables-restore -h'",
            "iptables-restore v1.8.9 (nf_tables): \nline 12: RULE_APPEND failed (Invalid argument): rule in chain INPUT",
        ] {
            assert_eq!(line(said), Some(12), "{said}");
        }
        assert_eq!(line("no such thing"), None);
    }
}
