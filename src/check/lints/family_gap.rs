//! A host that is closed over one family and open over the other.

use super::view::{Fate, View};
use super::{About, At, Findings, Lint, Looks};
use crate::check::report::Words;
use crate::model::{Family, Hook, TableName};

pub(super) const LINT: Lint = Lint {
    code: "family-gap",
    about: "one family is closed and the other open",
    explanation: include_str!("family_gap.md"),
    looks: Looks::AtBoth(run),
    of_forwarded: false,
};

fn run<'v>(own: &'v View<'_>, other: &'v View<'_>, found: &mut Findings<'v>) {
    for hook in [Hook::Input, Hook::Output] {
        let is_open = own.fate(hook, &own.stranger(hook)) == Fate::Accepted;
        if !is_open || other.closed(hook).is_none() {
            continue;
        }
        let Some(chain) = own.builtin(TableName::Filter, hook) else { continue };
        let (option, here, there) = match own.family() {
            Family::Ipv4 => ("-4", "IPv4", "IPv6"),
            Family::Ipv6 => ("-6", "IPv6", "IPv4"),
        };
        found.push(About::Chain(chain), At::Policy(chain), move || {
            let name = hook.as_str();
            Words::new(format!("{name} is closed for {there} and open for {here}"))
                .help(format!("run the scripts for both families, `-46`; with `{option}` they close {here}"))
        });
    }
}
