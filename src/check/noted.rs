//! Rules of scripts that load, and of which iptables makes something else than they say: a text that it cuts, a port that
//! wraps round, the other family's ICMP.

use super::Check;
use super::report::{Report, Words};
use super::survey::Survey;
use crate::model::spec::{NoteKind, Spec};

pub(super) const CHECK: Check = Check { codes: NoteKind::CODES, run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    for place in &survey.noted {
        let body = survey.ruleset.body(place.rule);
        let Ok(spec) = Spec::parse(body, survey.ruleset.family()) else { continue };
        for note in spec.notes() {
            report.rule_warning(place.rule, Some(note.span), note.kind.code(), || {
                Words::new(note.kind.to_string())
            });
        }
    }
}
