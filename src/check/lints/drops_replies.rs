//! DOCKER-USER drops answers before it lets them through.

use std::collections::BTreeSet;

use super::condition::state;
use super::forwarded::{self, Taker};
use super::probe::{Link, Probe};
use super::view::{Then, View};
use super::{Findings, Lint, Looks, docker_user_no_iface};
use crate::check::report::Words;
use crate::model::RuleId;
use crate::model::value::address::Address;

pub(super) const LINT: Lint = Lint {
    code: "drops-replies",
    about: "DOCKER-USER drops what comes in before answers are let through",
    explanation: include_str!("drops_replies.md"),
    looks: Looks::AtOne(run),
    of_forwarded: true,
};

/// The most uplinks that are tried.
const MOST: usize = 8;

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    let Some(chain) = forwarded::user_chain(view) else { return };
    let chains = forwarded::reach(view, [chain]);
    let (mut drops, mut uplinks) = (false, BTreeSet::new());
    forwarded::each(view, &chains, |rule| {
        if rule.then == Then::Drop {
            drops = true;
            let name =
                forwarded::into(rule).filter(|name| *name != "lo" && !forwarded::is_bridge(view, name));
            uplinks.extend(name.map(|name| name.trim_end_matches('+').to_owned()));
        }
    });
    if !drops {
        return;
    }
    let uplinks = uplinks.into_iter().take(MOST).map(Link::Named);
    let other = docker_user_no_iface::cut(view).map(|(rule, _)| rule);
    let mut told: BTreeSet<RuleId> = other.into_iter().collect();
    for uplink in [Link::Outside].into_iter().chain(uplinks) {
        if let Some(rule) = taker(view, &uplink).filter(|rule| told.insert(*rule)) {
            found.rule(rule, words);
        }
    }
}

fn words() -> Words {
    Words::new("answers to what containers ask outside are dropped here, and containers lose the outside")
        .note("no rule before it lets RELATED,ESTABLISHED through")
        .help("put `-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN` first")
        .help("or add `--ctdir ORIGINAL`, where the rule asks for the port that was dialled")
}

/// The rule of DOCKER-USER that drops an answer which comes in by this uplink for a container on any bridge.
fn taker(view: &View<'_>, uplink: &Link) -> Option<RuleId> {
    let chain = forwarded::user_chain(view)?;
    forwarded::subnets(view).iter().find_map(|(bridge, subnets)| {
        let container: Address = forwarded::nth(*subnets.first()?, 2);
        let probe = Probe::new(view.family(), uplink.clone(), Link::Named(bridge.clone()));
        let probe = probe.between(forwarded::stranger(view.family()), container).in_state(state::ESTABLISHED);
        match forwarded::taker(view, chain, &|rule| forwarded::meets(&probe, rule, true)) {
            Taker::Rule { rule, drops: true, .. } => Some(rule),
            _ => None,
        }
    })
}
