//! Rules that no packet can reach.

use super::shadow;
use super::view::{Shadowed, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::model::TableName;

pub(super) const LINT: Lint = Lint {
    code: "shadowed",
    about: "a rule that no packet can reach, as an earlier one takes them all",
    explanation: include_str!("shadowed.md"),
    looks: Looks::AtOne(|view, found| run(view, false, found)),
    of_forwarded: false,
};

/// Finds the rules behind a RETURN for every packet, or the others.
pub(super) fn run<'v>(view: &'v View<'_>, after_return: bool, found: &mut Findings<'v>) {
    let all = view.shadowed(|| {
        let chains = TableName::ALL.into_iter().flat_map(|table| view.focus(table));
        chains.flat_map(|chain| shadow::shadowed(view, chain)).collect()
    });
    for one in all.iter().copied().filter(|one| one.after_return == after_return) {
        found.rule(one.rule, move || words(view, one));
    }
}

fn words(view: &View<'_>, Shadowed { rule, by, after_return }: Shadowed) -> Words {
    let ruleset = view.ruleset();
    let first = ruleset.line(by);
    if after_return {
        let chain = ruleset.rule_chain(rule).map(|chain| view.name(chain)).unwrap_or_default();
        return Words::new("no packet gets here: a rule before it sends all of them back")
            .note(format!("that rule is `{first}`"))
            .help(format!(
                "put it before that one: `prepend(\"{chain}\", …)`, or `insert_before` with `\"RETURN\"`"
            ));
    }
    let help = if ruleset.body(rule) == ruleset.body(by) {
        "it is there already: take one of the two out"
    } else {
        "put the narrower rule first, or take it out"
    };
    Words::new("no packet gets here: an earlier rule takes them all")
        .note(format!("the earlier rule is `{first}`"))
        .help(help)
}
