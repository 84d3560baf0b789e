//! A chain that drops everything.

use super::view::{Then, View};
use super::{Closed, Findings, Lint, Looks};
use crate::check::report::Words;
use crate::model::{ChainId, Hook};

pub(super) const LINT: Lint = Lint {
    code: "empty-policy",
    about: "INPUT or OUTPUT drops, and nothing in it accepts",
    explanation: include_str!("empty_policy.md"),
    looks: Looks::AtOne(run),
    of_forwarded: false,
};

/// The most jumps inside each other that are followed.
const DEEPEST: usize = 16;

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    for hook in [Hook::Input, Hook::Output] {
        let Some(closed) = view.closed(hook).filter(|closed| !accepts(view, closed.chain, DEEPEST)) else {
            continue;
        };
        found.closed(closed, move || words(closed, hook));
    }
}

fn words(closed: Closed, hook: Hook) -> Words {
    let name = hook.as_str();
    let how = if closed.rule.is_some() { "a rule drops everything" } else { "the policy is DROP" };
    Words::new(format!("nothing passes {name}: {how}, and no rule accepts"))
        .help("accept what must pass before the chain is closed: `lo`, answers, SSH; `scripts/harden.rhai` shows how")
}

/// Whether any rule of a chain, or of one that it leads to, may accept.
fn accepts(view: &View<'_>, chain: ChainId, depth: usize) -> bool {
    let Some(rules) = view.typed(chain).filter(|_| depth > 0) else { return true };
    rules.iter().any(|rule| match rule.then {
        Then::Accept | Then::Unknown => true,
        Then::Jump(to) | Then::Goto(to) => accepts(view, to, depth - 1),
        Then::Next | Then::Drop | Then::Return => false,
    })
}
