//! Lints: what loads, and harms. One lint a file, with its explanation beside it, and a line in [`LINTS`].
//!
//! `dwscript lint` runs them over everything. Beside scripts they look at built-in chains and at what the scripts touched,
//! and what the input had already is not told again.

mod condition;
mod found;
mod probe;
mod view;

mod bridge_to_host;
mod dead_after_return;
mod emptied_list;
mod empty_policy;
mod family_gap;
mod host_to_container;
mod icmpv6_blocked;
mod lockout;
mod loopback_blocked;
mod no_related;
mod open_over_ipv6;
mod output_blocked;
mod policy_not_set;
mod shadow;
mod shadowed;
mod stateless_input;

use rustc_hash::FxHashSet;

use super::report::{Report, Words};
use crate::model::Ruleset;
pub(super) use found::{About, At, Findings};
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
}

/// What a lint looks at.
#[derive(Debug)]
enum Looks {
    /// A ruleset.
    AtOne(for<'v, 'r> fn(&'v View<'r>, &mut Findings<'v>)),
    /// A ruleset beside that of the other family.
    AtBoth(for<'v, 'r, 'o> fn(&'v View<'r>, &'v View<'o>, &mut Findings<'v>)),
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
    open_over_ipv6::LINT,
];

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// `dwscript lint`: everything counts.
    Lint,
    /// A run of scripts: what the input had already is marked as such.
    Run,
}

/// Runs the lints over a ruleset.
pub(super) fn run(ruleset: &Ruleset, asks: For, report: &mut Report<'_>) {
    let views = Views::new(ruleset, asks);
    for lint in LINTS.iter().filter(|lint| matches!(lint.looks, Looks::AtOne(_))) {
        views.place(lint, None, report);
    }
}

/// Runs those lints over a ruleset that want to know the other family's as well.
pub(super) fn run_beside(ruleset: &Ruleset, other: &Ruleset, asks: For, report: &mut Report<'_>) {
    let (views, others) = (Views::new(ruleset, asks), Views::new(other, asks));
    for lint in LINTS.iter().filter(|lint| matches!(lint.looks, Looks::AtBoth(_))) {
        views.place(lint, Some(&others), report);
    }
}

impl Lint {
    /// What it finds in a ruleset, beside another one where it is a lint that looks at both.
    fn look<'v>(&self, own: &'v View<'_>, other: Option<&'v View<'_>>) -> Findings<'v> {
        let mut found = Findings::default();
        match (&self.looks, other) {
            (Looks::AtOne(look), _) => look(own, &mut found),
            (Looks::AtBoth(look), Some(other)) => look(own, other, &mut found),
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
            For::Run => Self {
                after: View::new(ruleset, When::After, Depth::Brief),
                before: Some(View::new(ruleset, When::Before, Depth::Brief)),
            },
        }
    }

    /// Reports what a lint finds now, and marks what it would have found before.
    fn place(&self, lint: &Lint, others: Option<&Self>, report: &mut Report<'_>) {
        let found = lint.look(&self.after, others.map(|others| &others.after));
        if found.is_empty() {
            return;
        }
        let others = others.and_then(|others| others.before.as_ref());
        let earlier = self.before.as_ref().map(|before| lint.look(before, others)).unwrap_or_default();
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
