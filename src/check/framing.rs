//! Words in a rule that show that its line is none: iptables-restore stops at them, or does nothing of the whole file.
//! Such a text is refused like one whose framing is broken, whoever asks.

use super::Check;
use super::report::{Report, Words};
use super::survey::Survey;
use crate::model::value::SpecErrorKind;

const COMMENT: &str = "trailing-comment";
const CONTINUATION: &str = "continuation";
const TABLE: &str = "table-option";
const PRINTS: &str = "bad-command";

/// The codes of texts that cannot be read for what they say.
pub(super) const CODES: &[&str] = &[COMMENT, CONTINUATION, TABLE, PRINTS];

pub(super) const CHECK: Check = Check { codes: CODES, run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let read = |rule| super::added_by(survey.ruleset, rule).is_none();
    for (place, error) in survey.refused.iter().filter(|(place, _)| read(place.rule)) {
        if let Some((code, message, help)) = told(&error.kind) {
            report.unreadable(place.rule, error.span, code, || Words::new(message).help(help));
        }
    }
}

/// Code, message and way on of a fault of the framing; nothing for one of the rule itself.
pub(super) fn told(kind: &SpecErrorKind) -> Option<(&'static str, &'static str, &'static str)> {
    match kind {
        SpecErrorKind::StrayWord { word, .. } if word.starts_with('#') => Some((
            COMMENT,
            "a comment behind a rule is taken for part of the rule",
            "put the comment on a line of its own, with `#` as the first character",
        )),
        SpecErrorKind::StrayWord { word, .. } if word == "\\" => {
            Some((CONTINUATION, "a rule cannot go on in the next line", "write the rule on one line"))
        }
        SpecErrorKind::NotInRule { option, .. } if is_table(option) => Some((
            TABLE,
            "the table cannot be named in a rule: it is the one of the `*table` line above",
            "take the option out and put the rule under its own `*table` line",
        )),
        SpecErrorKind::NotInRule { option, .. } if is_print(option) => Some((
            PRINTS,
            "iptables-restore prints something at this word and does nothing of the file, or half of it",
            "take the option out",
        )),
        _ => None,
    }
}

fn is_table(option: &str) -> bool {
    option.starts_with("-t") || option.starts_with("--t")
}

fn is_print(option: &str) -> bool {
    ["-h", "-V", "-L", "-S", "--help", "--version", "--list"].iter().any(|print| option.starts_with(print))
}
