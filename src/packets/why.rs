//! Why a packet fares as it does, added to a message.

use super::blame::blame;
use super::probe::Probed;
use super::words::dependency;
use crate::diagnostic::Diagnostic;
use crate::simulate::Trace;

/// The same with the rule to blame, the packet's way, and what to do.
#[must_use]
pub fn with_way(diagnostic: Diagnostic, probed: &Probed<'_>) -> Diagnostic {
    let Probed { ruleset, trace } = probed;
    let mut diagnostic = diagnostic;
    if let Some(blamed) = blame(ruleset, trace).filter(|_| trace.depends_on().is_empty()) {
        if let Some((source, span)) = blamed.place {
            diagnostic = diagnostic.see(&source, span, "this decides");
        }
        diagnostic = diagnostic.note(format!("`{}` decides", blamed.text));
    }
    diagnostic = diagnostic.note(["its way:", &probed.path().join("\n")].join("\n"));
    for on in trace.depends_on() {
        diagnostic = diagnostic.note(format!("it depends on {}", dependency(ruleset, on)));
    }
    for (verdict, path) in probed.others() {
        diagnostic = diagnostic.note([&format!("or {verdict}:"), &*path.join("\n")].join("\n"));
    }
    if !trace.assumed().is_empty() {
        let assumed: Vec<String> = trace.assumed().iter().map(ToString::to_string).collect();
        diagnostic = diagnostic.note(format!("assumed: {}", assumed.join(", ")));
    }
    diagnostic.help.extend(settling(trace));
    diagnostic
}

/// How what a verdict depends on is settled.
fn settling(trace: &Trace) -> Option<String> {
    let name = trace.depends_on().first()?.names.first()?;
    Some(format!("say what is to hold, as by `--assume '{name}=yes'` or `=no`; or name more of the packet"))
}
