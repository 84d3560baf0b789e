//! Rules for forwarded packets on a host whose Docker keeps its own in nftables.

use super::forwarded;
use super::known::Known;
use super::view::{Rule, Then, View};
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

const WHERE: &str =
    "they are in the tables `ip docker-bridges` and `ip6 docker-bridges`, which iptables does not show";

fn run<'v>(view: &'v View<'_>, known: &Known, found: &mut Findings<'v>) {
    let Some(forward) = view.builtin(TableName::Filter, Hook::Forward) else { return };
    let chains = forwarded::reach(view, [forward]);
    // A rule that drops does what it says.
    let accepting = first(view, &chains, |rule| rule.then == Then::Accept);
    // Nothing comes to DOCKER-USER where nothing of the user's jumps there.
    let unasked: Vec<ChainId> =
        forwarded::user_chain(view).into_iter().filter(|chain| !chains.contains(chain)).collect();
    let vain = || first(view, &unasked, |rule| rule.then != Then::Return);
    // The host is not asked where there is nothing to tell.
    let words = if accepting.is_some() { may_still_drop } else { is_vain };
    let Some(rule) = accepting.or_else(vain) else { return };
    if known.tables().is_some_and(docker::is_nftables) {
        found.push(About::Chain(forward), At::Rule(rule, None), words);
    }
}

fn may_still_drop() -> Words {
    Words::new("Docker keeps its rules in nftables here, and what this accepts they may still drop")
        .note(format!("{WHERE}; DOCKER-USER is not asked"))
        .help("drop here what is not to reach containers, in FORWARD or table raw; what is to reach them, publish")
}

fn is_vain() -> Words {
    Words::new("Docker keeps its rules in nftables here, and nothing comes to DOCKER-USER")
        .note(WHERE)
        .help("drop in FORWARD or table raw what is not to reach containers")
}

/// The first rule in these chains that `test` says yes to, and that is not Docker's.
fn first(view: &View<'_>, chains: &[ChainId], test: impl Fn(&Rule) -> bool) -> Option<RuleId> {
    let mut first = None;
    forwarded::each(view, chains, |rule| {
        first = first.or_else(|| test(rule).then_some(rule.id));
    });
    first
}
