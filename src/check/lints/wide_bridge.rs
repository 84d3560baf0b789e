//! `br-+` where some bridge that begins so is not Docker's.

use std::collections::BTreeSet;

use super::condition::Test;
use super::known::Known;
use super::view::{Then, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::diagnostic::list;
use crate::docker;
use crate::model::TableName;

pub(super) const LINT: Lint = Lint {
    code: "wide-bridge",
    about: "`br-+` also matches bridges that are not Docker's, such as `br-lan`",
    explanation: include_str!("wide_bridge.md"),
    looks: Looks::AtHost(run),
    of_forwarded: false,
};

/// The most interfaces that are named.
const MOST: usize = 3;

fn run<'v>(view: &'v View<'_>, known: &Known, found: &mut Findings<'v>) {
    let mut wide = Vec::new();
    let mut others = BTreeSet::new();
    for chain in TableName::ALL.into_iter().flat_map(|table| view.focus(table)) {
        let Some(rules) = view.typed(chain) else { continue };
        for rule in rules.iter() {
            let names = rule.conditions.iter().filter_map(|one| match &one.test {
                Test::In(name) | Test::Out(name) => Some((one.negated, name)),
                _ => None,
            });
            for (negated, name) in names {
                if let Some(head) = name.strip_suffix('+').filter(|head| head.starts_with("br")) {
                    wide.extend((!negated && rule.then != Then::Next).then(|| (rule.id, head.to_owned())));
                } else if is_other(view, name) {
                    others.insert(name.clone());
                }
            }
        }
    }
    if wide.is_empty() {
        return;
    }
    let interfaces = known.interfaces().unwrap_or_default().iter();
    others.extend(interfaces.filter(|name| is_other(view, name)).cloned());
    for (rule, head) in wide {
        let taken: Vec<&String> = others.iter().filter(|name| name.starts_with(&head)).collect();
        if !taken.is_empty() {
            let names = list(taken.into_iter().map(String::as_str), MOST);
            found.rule(rule, move || words(&head, &names));
        }
    }
}

fn words(head: &str, names: &str) -> Words {
    Words::new(format!("`{head}+` is meant for Docker's bridges, and takes in {names} as well")).help(
        "name each bridge: in a script `for bridge in docker.bridges { … }`, which leaves the others out",
    )
}

/// Whether an interface is named like Docker's bridges and is none.
fn is_other(view: &View<'_>, name: &str) -> bool {
    name.starts_with("br-")
        && !name.ends_with('+')
        && !docker::is_generated(name)
        && !view.bridges().contains(name)
}
