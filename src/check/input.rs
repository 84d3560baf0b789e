//! What is wrong with the framing of the text that was read.

use super::Check;
use super::report::Report;
use super::survey::Survey;
use crate::model::fault::FaultKind;

pub(super) const CHECK: Check = Check {
    codes: &[
        "undeclared-chain",
        "late-chain",
        "repeated-table",
        "repeated-chain",
        "vain-command",
        "incomplete-dump",
        "mended-input",
    ],
    run,
};

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    for fault in survey.ruleset.faults() {
        let (code, message) = (fault.kind.code(), fault.kind.to_string());
        let help = help(&fault.kind);
        if loads(&fault.kind) {
            report.input_warning(fault.span, code, message, |found| found.help(help));
        } else {
            report.input(fault.span, code, message, |found| found.help(help));
        }
    }
}

/// Whether iptables-restore takes such a text, or the printed one.
const fn loads(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::RepeatedTable(_) | FaultKind::Mended(_))
}

const fn help(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::UndeclaredChain(_) => "declare it by a line `:NAME - [0:0]` above its first rule",
        FaultKind::LateChain(_) => "move its `:` line above its first rule",
        FaultKind::RepeatedTable(_) => "merge the two blocks, or load the text with `--noflush`",
        FaultKind::RepeatedChain(_) => "take one of the two lines out",
        FaultKind::Command(..) => "take the line out; iptables-restore stops at it",
        FaultKind::Incomplete(_) => {
            "use the `nft` tool on that table; the text prints as it is, and cannot be edited"
        }
        FaultKind::Mended(_) => "nothing needs to be done: what is printed loads",
    }
}
