//! ACCEPT in DOCKER-USER, where RETURN is meant.

use super::condition::{Test, state};
use super::forwarded;
use super::view::{Rule, Then, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;

pub(super) const LINT: Lint = Lint {
    code: "docker-user-accept",
    about: "ACCEPT in DOCKER-USER opens what Docker's own rules keep shut; RETURN is meant",
    explanation: include_str!("docker_user_accept.md"),
    looks: Looks::AtOne(run),
    of_forwarded: true,
};

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    let Some(chain) = forwarded::user_chain(view) else { return };
    let chains = forwarded::reach(view, [chain]);
    forwarded::each(view, &chains, |rule| {
        if rule.then == Then::Accept && opens(view, rule) {
            found.rule(rule.id, || {
                Words::new("this lets packets past Docker's own rules: to ports that are not published, and between networks that are kept apart")
                    .help("say RETURN, which lets Docker's rules decide; in a script `.returns()`")
            });
        }
    });
}

/// Whether a rule opens more than someone may have meant it to.
fn opens(view: &View<'_>, rule: &Rule) -> bool {
    let is_bridge = |name: Option<&str>| name.map(|name| forwarded::is_bridge(view, name));
    let (into, out) = (is_bridge(forwarded::into(rule)), is_bridge(forwarded::out(rule)));
    let only_known = rule.conditions.iter().any(|one| match &one.test {
        Test::States(states) => !one.negated && states & state::NEW == 0,
        Test::Original(original) => *original == one.negated,
        Test::Destination(_) => !one.negated && forwarded::ports(rule).is_some(),
        _ => false,
    });
    // From one bridge to another, or out of one, is meant as it is written.
    let is_meant = matches!((into, out), (Some(true), Some(_)) | (_, Some(false)));
    !only_known && !is_meant && forwarded::dialled(rule).is_none() && forwarded::into(rule) != Some("lo")
}
