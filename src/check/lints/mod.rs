//! Lints: what loads, and harms. One lint a file, with its explanation beside it, and a line in [`LINTS`].
//!
//! `dwscript lint` runs them over everything. Beside scripts they look at built-in chains and at what the scripts touched,
//! and what the input had already is not told again.

mod condition;
mod forwarded;
mod found;
mod known;
mod probe;
mod terms;
mod view;

mod bridge_to_host;
mod dead_after_return;
mod direct_routing;
mod docker_bypass;
mod docker_nftables;
mod docker_user_accept;
mod docker_user_no_iface;
mod docker_user_unhooked;
mod drops_replies;
mod emptied_list;
mod empty_policy;
mod family_gap;
mod host_to_container;
mod icmpv6_blocked;
mod literal_bridge;
mod lockout;
mod loopback_blocked;
mod lost_on_docker_restart;
mod no_related;
mod open_over_ipv6;
mod output_blocked;
mod policy_not_set;
mod published_port_match;
mod shadow;
mod shadowed;
mod stale_docker;
mod stateless_input;
mod wide_bridge;
mod wipes_live_rules;

use rustc_hash::FxHashSet;

use super::report::{Report, Words};
use crate::model::Ruleset;
pub(super) use found::{About, At, Findings};
pub use known::Known;
pub(super) use lockout::CODE as LOCKOUT;
use view::{Closed, Depth, View, When};

/// A lint.
#[derive(Debug)]
pub struct Lint {
    /// Its code.
    pub code: &'static str,
    /// What it finds, in one line.
    pub about: &'static str,
    /// Why that harms, and the right way, as Markdown.
    pub explanation: &'static str,
    looks: Looks,
    /// Whether it is about what becomes of containers' packets: scripts that leave these alone neither cause nor mend what it
    /// finds.
    of_forwarded: bool,
}

/// What a lint looks at.
#[derive(Debug)]
enum Looks {
    /// A ruleset.
    AtOne(for<'v, 'r> fn(&'v View<'r>, &mut Findings<'v>)),
    /// A ruleset beside that of the other family.
    AtBoth(for<'v, 'r, 'o> fn(&'v View<'r>, &'v View<'o>, &mut Findings<'v>)),
    /// A ruleset, with what is known of the host.
    AtHost(for<'v, 'r, 'k> fn(&'v View<'r>, &'k Known, &mut Findings<'v>)),
    /// Nothing here: another stage finds it.
    Elsewhere,
}

/// Every lint, in the order of their findings.
pub static LINTS: &[Lint] = &[
    lockout::LINT,
    policy_not_set::LINT,
    empty_policy::LINT,
    loopback_blocked::LINT,
    stateless_input::LINT,
    no_related::LINT,
    output_blocked::LINT,
    icmpv6_blocked::LINT,
    family_gap::LINT,
    bridge_to_host::LINT,
    host_to_container::LINT,
    shadowed::LINT,
    dead_after_return::LINT,
    emptied_list::LINT,
    lost_on_docker_restart::LINT,
    docker_user_unhooked::LINT,
    docker_user_accept::LINT,
    docker_user_no_iface::LINT,
    drops_replies::LINT,
    published_port_match::LINT,
    docker_bypass::LINT,
    direct_routing::LINT,
    docker_nftables::LINT,
    stale_docker::LINT,
    wide_bridge::LINT,
    literal_bridge::LINT,
    wipes_live_rules::LINT,
    open_over_ipv6::LINT,
];

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// `dwscript lint`: everything counts.
    Lint,
    /// A run of scripts: what the input had already is marked as such.
    Run,
    /// The same, where nobody asks for what the input had already.
    Changes,
}

/// What a lint is told beside the ruleset.
#[derive(Clone, Copy)]
enum Beside<'b> {
    /// What is known of the host.
    Host(&'b Known),
    /// The other family's ruleset.
    Other(&'b View<'b>),
}

/// Runs the lints over a ruleset.
pub(super) fn run(ruleset: &Ruleset, known: &Known, asks: For, report: &mut Report<'_>) {
    let views = Views::new(ruleset, asks);
    let lints = LINTS.iter().filter(|lint| matches!(lint.looks, Looks::AtOne(_) | Looks::AtHost(_)));
    let touched = asks != For::Changes || views.after.touches_forwarded();
    for lint in lints.filter(|lint| touched || !lint.of_forwarded) {
        let beside = Beside::Host(known);
        views.place(lint, [beside, beside], report);
    }
}

/// Runs those lints over a ruleset that want to know the other family's as well.
pub(super) fn run_beside(ruleset: &Ruleset, other: &Ruleset, asks: For, report: &mut Report<'_>) {
    let (views, others) = (Views::new(ruleset, asks), Views::new(other, asks));
    let then = others.before.as_ref().unwrap_or(&others.after);
    for lint in LINTS.iter().filter(|lint| matches!(lint.looks, Looks::AtBoth(_))) {
        views.place(lint, [Beside::Other(then), Beside::Other(&others.after)], report);
    }
}

impl Lint {
    /// What it finds in a ruleset.
    fn look<'v>(&self, own: &'v View<'_>, beside: Beside<'v>) -> Findings<'v> {
        let mut found = Findings::default();
        match (&self.looks, beside) {
            (Looks::AtOne(look), _) => look(own, &mut found),
            (Looks::AtBoth(look), Beside::Other(other)) => look(own, other, &mut found),
            (Looks::AtHost(look), Beside::Host(known)) => look(own, known, &mut found),
            _ => {}
        }
        found
    }
}

/// A ruleset as it is, and as it was where that counts.
struct Views<'r> {
    after: View<'r>,
    before: Option<View<'r>>,
}

impl<'r> Views<'r> {
    fn new(ruleset: &'r Ruleset, asks: For) -> Self {
        match asks {
            For::Lint => Self { after: View::new(ruleset, When::After, Depth::Whole), before: None },
            For::Run | For::Changes => Self {
                after: View::new(ruleset, When::After, Depth::Brief),
                before: Some(View::new(ruleset, When::Before, Depth::Brief)),
            },
        }
    }

    /// Reports what a lint finds now, and marks what it would have found before.
    fn place(&self, lint: &Lint, [then, now]: [Beside<'_>; 2], report: &mut Report<'_>) {
        let found = lint.look(&self.after, now);
        if found.is_empty() {
            return;
        }
        let earlier = self.before.as_ref().map(|before| lint.look(before, then)).unwrap_or_default();
        let earlier: FxHashSet<About> = earlier.into_iter().map(|found| found.about).collect();
        for found in found {
            report.inherits(earlier.contains(&found.about));
            place(self.after.ruleset(), found.at, lint.code, found.words, report);
        }
        report.inherits(false);
    }
}

/// Reports a finding at its place.
fn place(
    ruleset: &Ruleset,
    at: At,
    code: &'static str,
    words: impl FnOnce() -> Words,
    report: &mut Report<'_>,
) {
    match at {
        At::Rule(rule, part) => report.rule_warning(rule, part, code, words),
        At::Policy(chain) => {
            let chain = ruleset.chain(chain);
            match (chain.policy_edit(), chain.declaration()) {
                (Some(edit), _) => report.edit_warning(edit, code, words),
                (None, Some(declared)) => report.input_warning(declared.policy, code, words),
                (None, None) => report.nowhere(code, words),
            }
        }
        At::Nowhere => report.nowhere(code, words),
    }
}
