//! A list of what is let in, in a chain that lets everything in.

use super::condition::{Test, state};
use super::view::{Fate, Then, View};
use super::{About, At, Findings, Lint, Looks};
use crate::check::report::Words;
use crate::model::{ChainId, Hook, Policy, TableName};

pub(super) const LINT: Lint = Lint {
    code: "policy-not-set",
    about: "a chain lists what it accepts, nothing in it drops, and its policy is ACCEPT",
    explanation: include_str!("policy_not_set.md"),
    looks: Looks::AtOne(run),
    of_forwarded: false,
};

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    for hook in [Hook::Input, Hook::Output] {
        let Some(chain) = view.builtin(TableName::Filter, hook) else { continue };
        let is_open = view.policy(chain) == Policy::Accept
            && view.fate(hook, &view.stranger(hook)) == Fate::Accepted
            && is_list(view, chain);
        if is_open {
            found.push(About::Chain(chain), At::Policy(chain), move || {
                let name = hook.as_str();
                Words::new(format!(
                    "{name} lists what it accepts, and accepts everything else too: its policy is ACCEPT"
                ))
                .help(format!(
                    "end it with `set_policy(\"{name}\", \"DROP\")`, in a dump with `:{name} DROP [0:0]`"
                ))
            });
        }
    }
}

/// Whether a chain accepts answers and something else, as one does that is to be closed, and does nothing but accept and log.
fn is_list(view: &View<'_>, chain: ChainId) -> bool {
    let Some(rules) = view.typed(chain) else { return false };
    let answers = |test: &Test| matches!(test, Test::States(states) if states & state::ESTABLISHED != 0);
    let accepted = || rules.iter().filter(|rule| rule.then == Then::Accept);
    let lets_answers_in =
        accepted().any(|rule| rule.conditions.iter().all(|one| !one.negated && answers(&one.test)));
    let only_accepts = rules.iter().all(|rule| matches!(rule.then, Then::Accept | Then::Next));
    lets_answers_in && only_accepts && accepted().count() > 1
}
