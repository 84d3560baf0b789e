//! Limits in DOCKER-USER that containers' own connections meet as well.

use super::forwarded::{self, Taker};
use super::probe::{Link, Probe};
use super::view::View;
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::model::{RuleId, TableName};

pub(super) const LINT: Lint = Lint {
    code: "docker-user-no-iface",
    about: "a limit in DOCKER-USER that does not name the uplink, and cuts containers off from the outside",
    explanation: include_str!("docker_user_no_iface.md"),
    looks: Looks::AtOne(run),
    of_forwarded: true,
};

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    if let Some((rule, bridge)) = cut(view) {
        found.rule(rule, move || {
            Words::new(format!("this drops what containers on `{bridge}` send to the outside, not only what comes in"))
                .help("name the uplink: `-i eth0`; and where it asks for a dialled port, `--ctdir ORIGINAL` as well")
                .help("or let answers and the containers' own connections through before it")
        });
    }
}

/// The limit that takes the first packet of a container's own connection, and the container's bridge.
pub(super) fn cut(view: &View<'_>) -> Option<(RuleId, String)> {
    let chain = forwarded::user_chain(view)?;
    view.chain(TableName::Filter, "FORWARD")?;
    let stranger = forwarded::stranger(view.family());
    forwarded::subnets(view).iter().find_map(|(bridge, subnets)| {
        let container = forwarded::nth(*subnets.first()?, 2);
        let probe = Probe::new(view.family(), Link::Named(bridge.clone()), Link::Outside);
        let probe = probe.between(container, stranger);
        match forwarded::taker(view, chain, &|rule| forwarded::meets(&probe, rule, false)) {
            Taker::Rule { rule, drops: true, is_limit: true } => Some((rule, bridge.clone())),
            _ => None,
        }
    })
}
