//! Matches and targets that are not known here. What a dump holds stays as it is, for its host may know more than this
//! program; but a name close to a known one is a misspelling, and one that a script uses is worth a word.

use super::report::{Report, Words};
use super::survey::{self, Survey};
use super::{Check, added_by};
use crate::diagnostic::did_you_mean;
use crate::model::extension::Kind;
use crate::model::spec::{Part, Spec};
use crate::model::{matches, targets};

const CODE: &str = "unknown-extension";

pub(super) const CHECK: Check = Check { codes: &[CODE], run };

/// Extensions of xtables-addons, OpenWrt and older iptables with names like known ones: they are no misspellings.
const ELSEWHERE: [&str; 18] = [
    "account",
    "condition",
    "iface",
    "ipp2p",
    "ipv4options",
    "length2",
    "nth",
    "psd",
    "quota2",
    "random",
    "DNETMAP",
    "ECHO",
    "IPMARK",
    "LOGMARK",
    "RAWDNAT",
    "RAWSNAT",
    "SAME",
    "ROUTE",
];

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    for place in &survey.unknown {
        let ruleset = survey.ruleset;
        let Ok(spec) = Spec::parse(ruleset.body(place.rule), ruleset.family()) else { continue };
        let is_chain = survey::is_chain_jump(ruleset, *place);
        for part in survey::parts(&spec, is_chain).filter(survey::is_unknown) {
            let words =
                || Words::new(format!("there is no {} `{}` that is known here", kind(&part), part.name()));
            if let Some(help) = mistaken(&part) {
                report.part(place.rule, part.span(), CODE, || words().help(help));
            } else if added_by(ruleset, place.rule).is_some() {
                report.rule_warning(place.rule, Some(part.span()), CODE, || {
                    words().help("it is printed as it is; see whether the host's iptables knows it")
                });
            }
        }
    }
}

const fn kind(part: &Part<'_>) -> &'static str {
    match part.kind() {
        Kind::Match => "match",
        Kind::Target => "target",
    }
}

/// What was meant, where that is plain.
fn mistaken(part: &Part<'_>) -> Option<String> {
    let (option, all, other, others) = match part.kind() {
        Kind::Match => ("-m", matches::ALL, "-j", targets::ALL),
        Kind::Target => ("-j", targets::ALL, "-m", matches::ALL),
    };
    let name = part.name();
    if name.starts_with(['-', '!']) {
        return Some(format!("write the name behind `{option}`"));
    }
    if others.iter().any(|extension| extension.name == name) {
        return Some(format!("it stands behind `{other}`"));
    }
    let near = did_you_mean(&name, all.iter().map(|extension| extension.name));
    near.filter(|_| !ELSEWHERE.contains(&name.as_ref())).map(|near| format!("did you mean `{near}`?"))
}
