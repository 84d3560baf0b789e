//! DOCKER-USER that packets do not come to, or come to too late.

use super::forwarded;
use super::view::{Then, View};
use super::{About, At, Findings, Lint, Looks};
use crate::check::report::Words;
use crate::model::{ChainId, Hook, RuleId, TableName};

pub(super) const LINT: Lint = Lint {
    code: "docker-user-unhooked",
    about: "no packet comes to DOCKER-USER, or rules of Docker's stand before the jump to it",
    explanation: include_str!("docker_user_unhooked.md"),
    looks: Looks::AtOne(run),
    of_forwarded: true,
};

const HELP: &str =
    "`systemctl restart docker` puts the jump first again; so does `iptables -I FORWARD -j DOCKER-USER`";

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    let Some(user) = forwarded::user_chain(view).filter(|_| view.layout().is_some()) else { return };
    let Some(forward) = view.builtin(TableName::Filter, Hook::Forward) else { return };
    if view.typed(forward).is_none() {
        return;
    }
    match jump(view, forward, user) {
        None if is_reached(view, forward, user) => {}
        None => found.push(About::Chain(user), At::Nowhere, || {
            Words::new("no rule of FORWARD jumps to DOCKER-USER: the rules there see no packet").help(HELP)
        }),
        Some((jump, Some(first))) => found.rule(jump, move || {
            Words::new(
                "rules of Docker's stand before the jump to DOCKER-USER, and the rules there come too late",
            )
            .note(format!("the first is `{}`", view.ruleset().line(first)))
            .help(HELP)
        }),
        Some((_, None)) => {}
    }
}

/// The jump to DOCKER-USER, and the first rule of Docker's before it.
fn jump(view: &View<'_>, forward: ChainId, user: ChainId) -> Option<(RuleId, Option<RuleId>)> {
    let rules = view.typed(forward)?;
    let at =
        rules.iter().position(|rule| matches!(rule.then, Then::Jump(to) | Then::Goto(to) if to == user))?;
    let jump = rules.get(at)?.id;
    let before = rules.iter().take(at).map(|rule| rule.id);
    Some((jump, before.into_iter().find(|rule| forwarded::is_docker(view, forward, *rule))))
}

fn is_reached(view: &View<'_>, forward: ChainId, user: ChainId) -> bool {
    forwarded::reach(view, [forward]).contains(&user)
}
