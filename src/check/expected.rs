//! What scripts expect of packets, `must_accept` and `must_drop`, asked of the final result.

use crate::diagnostic::Diagnostic;
use crate::model::Ruleset;
use crate::packets::{Expectation, Expected, Members, Probed, Prober, Site, becomes, cannot_be, with_way};
use crate::simulate::Packet;

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

/// Whether a packet may be of the ruleset's family.
pub(super) fn fits(packet: &Packet, ruleset: &Ruleset) -> bool {
    packet.families().contains(&ruleset.family())
}
