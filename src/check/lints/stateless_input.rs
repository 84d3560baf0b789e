//! Answers that are dropped, as nothing asks for the state of their connection.

use super::condition::state;
use super::probe::{Link, Probe};
use super::view::{Fate, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::model::Hook;

pub(super) const LINT: Lint = Lint {
    code: "stateless-input",
    about: "INPUT or OUTPUT drops, and nothing accepts what belongs to an open connection",
    explanation: include_str!("stateless_input.md"),
    looks: Looks::AtOne(run),
    of_forwarded: false,
};

/// A packet of an open connection between ports that no rule is likely to name.
pub(super) fn answer(view: &View<'_>, hook: Hook) -> Probe {
    let (into, out) = match hook {
        Hook::Output => (Link::None, Link::Outside),
        _ => (Link::Outside, Link::None),
    };
    Probe::new(view.family(), into, out).in_state(state::ESTABLISHED)
}

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    for hook in [Hook::Input, Hook::Output] {
        let Some(closed) = view.closed(hook) else { continue };
        if view.fate(hook, &answer(view, hook)) == Fate::Dropped {
            let name = hook.as_str();
            found.closed(closed, move || {
                Words::new(format!("{name} drops the packets of connections that are open already"))
                    .help("accept them first: `-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`")
            });
        }
    }
}
