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

/// Extensions of `xtables-addons`, of `OpenWrt` and of older iptables: a host may have them, and some have names like known ones.
const ELSEWHERE: [&str; 38] = [
    "account",
    "asn",
    "condition",
    "dhcpmac",
    "fuzzy",
    "geoip",
    "iface",
    "ipp2p",
    "ipv4options",
    "layer7",
    "length2",
    "lscan",
    "ndpi",
    "nth",
    "pknock",
    "psd",
    "quota2",
    "random",
    "ACCOUNT",
    "CHAOS",
    "DELUDE",
    "DHCPMAC",
    "DNETMAP",
    "ECHO",
    "FLOWOFFLOAD",
    "FULLCONENAT",
    "IMQ",
    "IPMARK",
    "LOGMARK",
    "PROTO",
    "RAWDNAT",
    "RAWSNAT",
    "ROUTE",
    "SAME",
    "SYSRQ",
    "TARPIT",
    "WGOBFS",
    "XOR",
];

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    for place in &survey.unknown {
        let ruleset = survey.ruleset;
        let Ok(spec) = Spec::parse(ruleset.body(place.rule), ruleset.family()) else { continue };
        let is_chain = survey::is_chain_jump(ruleset, *place);
        let unknown = survey::parts(&spec, is_chain).filter(survey::is_unknown);
        for part in unknown.filter(|part| !ELSEWHERE.contains(&part.name().as_ref())) {
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
    near.map(|near| format!("did you mean `{near}`?"))
}
