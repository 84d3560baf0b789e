//! Rules for forwarded packets on a host whose Docker keeps its own in nftables.

use super::forwarded;
use super::known::Known;
use super::view::{Then, View};
use super::{About, At, Findings, Lint, Looks};
use crate::check::report::Words;
use crate::docker;
use crate::model::{ChainId, Hook, RuleId, TableName};

pub(super) const LINT: Lint = Lint {
    code: "docker-nftables",
    about: "Docker keeps its rules in nftables: rules for forwarded packets here do not see container traffic first",
    explanation: include_str!("docker_nftables.md"),
    looks: Looks::AtHost(run),
    of_forwarded: true,
};

fn run<'v>(view: &'v View<'_>, known: &Known, found: &mut Findings<'v>) {
    let Some(forward) = view.builtin(TableName::Filter, Hook::Forward) else { return };
    let first = accepting(view, forward).or_else(|| unasked(view));
    // The host is not asked where there is nothing to tell.
    let Some(first) = first else { return };
    if known.tables().is_some_and(docker::is_nftables) {
        found.push(About::Chain(forward), At::Rule(first, None), || {
            Words::new("Docker keeps its rules in nftables here, and what this accepts they may still drop")
                .note("they are in the tables `ip docker-bridges` and `ip6 docker-bridges`, which iptables does not show; DOCKER-USER is not asked")
                .help("drop here what is not to reach containers, in FORWARD or table raw; what is to reach them, publish")
        });
    }
}

/// The first rule that accepts what is forwarded: one that drops does what it says.
fn accepting(view: &View<'_>, forward: ChainId) -> Option<RuleId> {
    let mut first = None;
    forwarded::each(view, &forwarded::reach(view, [forward]), |rule| {
        first = first.or((rule.then == Then::Accept).then_some(rule.id));
    });
    first
}

/// The first rule of DOCKER-USER, which nothing jumps to: it does nothing at all, unless FORWARD was told to ask it.
fn unasked(view: &View<'_>) -> Option<RuleId> {
    let mut first = None;
    forwarded::each(view, &forwarded::user_chain(view).into_iter().collect::<Vec<_>>(), |rule| {
        first = first.or((rule.then != Then::Return).then_some(rule.id));
    });
    first
}
