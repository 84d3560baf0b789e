//! What is wrong with the framing of the text that was read.

use rustc_hash::FxHashSet;

use super::Check;
use super::late;
use super::report::{Report, Words};
use super::survey::Survey;
use crate::model::Hook;
use crate::model::fault::FaultKind;

pub(super) const CHECK: Check = Check {
    codes: &[
        "undeclared-chain",
        late::CODE,
        "repeated-table",
        "repeated-chain",
        "vain-command",
        "incomplete-dump",
        "mended-input",
    ],
    run,
};

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let faults = survey.ruleset.faults();
    let late: FxHashSet<&str> = faults.iter().filter_map(|fault| late_chain(&fault.kind)).collect();
    for fault in faults {
        // A chain that is declared later on is not one that is never declared.
        if matches!(&fault.kind, FaultKind::UndeclaredChain(name) if late.contains(name.as_str())) {
            continue;
        }
        let code = fault.kind.code();
        let words = || Words::new(fault.kind.to_string()).help(help(&fault.kind));
        if loads(&fault.kind) {
            report.input_warning(fault.span, code, words);
        } else {
            report.input(fault.span, code, words);
        }
    }
}

fn late_chain(kind: &FaultKind) -> Option<&str> {
    if let FaultKind::LateChain(name) = kind { Some(name) } else { None }
}

/// Whether iptables-restore takes such a text, or the printed one.
fn loads(kind: &FaultKind) -> bool {
    match kind {
        FaultKind::RepeatedTable(_) | FaultKind::Mended(_) => true,
        FaultKind::RepeatedChain(name) => Hook::ALL.iter().any(|hook| hook.as_str() == name),
        _ => false,
    }
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
