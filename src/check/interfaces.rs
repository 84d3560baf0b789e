//! `-i` where no packet has come in, `-o` where none goes out yet. iptables refuses it in a built-in chain; in a chain that
//! such hooks alone reach it loads, and never matches.

use super::Check;
use super::report::{Report, Words};
use super::survey::Survey;
use crate::model::extension::HookSet;
use crate::model::spec::{BaseOption, Spec};
use crate::model::{ChainId, Hook, RuleId, TableName};

const CODE: &str = "wrong-interface";

pub(super) const CHECK: Check = Check { codes: &[CODE], run };

/// The option, the other one, and why it has no place.
type Option = (BaseOption, &'static str, &'static str, &'static str);

const INCOMING: Option =
    (BaseOption::InInterface, "-i", "-o", "packets there have no interface that they came in by");
const OUTGOING: Option =
    (BaseOption::OutInterface, "-o", "-i", "packets there have no interface that they leave by yet");

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    for chain in TableName::ALL.into_iter().flat_map(|table| survey.ruleset.live_chains(table)) {
        let Some(needs) = survey.needs.get(chain.index()) else { continue };
        if !needs.interfaces.incoming && !needs.interfaces.outgoing {
            continue;
        }
        let hook = survey.ruleset.chain(chain).hook();
        let reached = || survey.reach().get(chain.index()).copied().unwrap_or(HookSet::NONE);
        let hooks = hook.map_or_else(reached, |hook| HookSet::of(&[hook]));
        for option in [(needs.interfaces.incoming, INCOMING), (needs.interfaces.outgoing, OUTGOING)] {
            let (true, option) = option else { continue };
            if hooks != HookSet::NONE && hooks.and(option.0.hooks()) == HookSet::NONE {
                chain_with(survey, (chain, hook), hooks, option, report);
            }
        }
    }
}

/// Reports the rules of a chain that use `option`.
fn chain_with(
    survey: &Survey<'_>,
    (chain, hook): (ChainId, std::option::Option<Hook>),
    hooks: HookSet,
    option: Option,
    report: &mut Report<'_>,
) {
    let ruleset = survey.ruleset;
    let (base, letter, other, why) = option;
    let span = |rule: RuleId| Spec::parse(ruleset.body(rule), ruleset.family()).ok()?.base_span(base);
    for rule in ruleset.chain(chain).rules().iter() {
        let Some(span) = span(rule) else { continue };
        let help = format!("match by `{other}`, or take it out");
        match hook {
            Some(hook) => report.part(rule, span, CODE, || {
                Words::new(format!("`{letter}` cannot stand in {}: {why}", hook.as_str())).help(help)
            }),
            None => report.rule_warning(rule, Some(span), CODE, || {
                let name = ruleset.chain_name(chain);
                let hooks: Vec<&str> = hooks.iter().map(Hook::as_str).collect();
                let from = hooks.join(" and ");
                Words::new(format!("this never matches: `{name}` is reached from {from} alone, and {why}"))
                    .help(help)
            }),
        }
    }
}
