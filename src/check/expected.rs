//! What scripts expect of packets, `must_accept` and `must_drop`, asked of the final result.

use crate::diagnostic::Diagnostic;
use crate::model::Ruleset;
use crate::packets::{
    Expectation, Expected, Members, Probed, Prober, Site, becomes, blame, cannot_be, dependency,
};
use crate::simulate::{Packet, Trace};

/// The expectations that the result does not meet, one diagnostic each. Those about packets of the other family are not
/// asked; `sets` are the ipsets that the scripts declare.
#[must_use]
pub fn expected(
    ruleset: &Ruleset,
    site: &Site,
    sets: &[Members],
    expectations: &[Expectation],
) -> Vec<Diagnostic> {
    if expectations.is_empty() {
        return Vec::new();
    }
    let prober = Prober::new(site, [ruleset], sets);
    expectations.iter().filter_map(|expectation| unmet(&prober, expectation)).collect()
}

/// Why an expectation is not met.
fn unmet(prober: &Prober<'_>, expectation: &Expectation) -> Option<Diagnostic> {
    let Expectation { expected, packet, why, origin } = expectation;
    let span = origin.script.expression_span(origin.line, origin.column);
    let at = |diagnostic: Diagnostic| diagnostic.at(&origin.script, span, why.as_str());
    let answer = match prober.probe(&packet.packet) {
        Ok(answers) => answers.into_iter().next()?,
        Err(fault) => {
            let Diagnostic { code, message, help, .. } = cannot_be(&packet.text, &fault);
            return Some(Diagnostic { help, ..at(Diagnostic::error(code, message)) });
        }
    };
    let verdict = answer.trace.verdict();
    let is_met = match expected {
        Expected::Accept => verdict.is_accept(),
        Expected::Drop => verdict.is_drop(),
    };
    (!is_met).then(|| with_way(at(headline(*expected, &packet.text, &answer)), &answer))
}

fn headline(expected: Expected, packet: &str, probed: &Probed<'_>) -> Diagnostic {
    let (code, wanted) = match expected {
        Expected::Accept => ("must-accept", "accepted"),
        Expected::Drop => ("must-drop", "dropped"),
    };
    let family = probed.ruleset.family().as_str();
    Diagnostic::error(
        code,
        format!("the {family} packet `{packet}` must be {wanted}, and {}", becomes(&probed.trace)),
    )
}

/// The same with the rule to blame, the packet's way, and what to do.
pub(super) fn with_way(diagnostic: Diagnostic, probed: &Probed<'_>) -> Diagnostic {
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

/// Whether a packet may be of the ruleset's family.
pub(super) fn fits(packet: &Packet, ruleset: &Ruleset) -> bool {
    packet.families().contains(&ruleset.family())
}
