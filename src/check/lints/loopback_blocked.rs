//! Packets of this host to itself that are dropped.

use super::probe::{Link, Probe};
use super::view::{Fate, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::model::value::address::Address;
use crate::model::{Family, Hook};

pub(super) const LINT: Lint = Lint {
    code: "loopback-blocked",
    about: "INPUT or OUTPUT drops, and nothing accepts `lo`",
    explanation: include_str!("loopback_blocked.md"),
    looks: Looks::AtOne(run),
    of_forwarded: false,
};

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    let own = match view.family() {
        Family::Ipv4 => Address::V4 { address: 0x7f00_0001, mask: u32::MAX },
        Family::Ipv6 => Address::V6 { address: 1, mask: u128::MAX },
    };
    let ways = [
        (Hook::Input, "-i", "in_interface", Link::Loopback, Link::None),
        (Hook::Output, "-o", "out_interface", Link::None, Link::Loopback),
    ];
    for (hook, letter, builder, into, out) in ways {
        let Some(closed) = view.closed(hook) else { continue };
        let probe = Probe::new(view.family(), into, out).between(own, own);
        if view.fate(hook, &probe) == Fate::Dropped {
            let name = hook.as_str();
            found.closed(closed, move || {
                Words::new(format!("{name} drops what this host says to itself over `lo`")).help(format!(
                    "let it through first: `{letter} lo -j ACCEPT`, in a script `append(\"{name}\", rule().{builder}(\"lo\").accept())`"
                ))
            });
        }
    }
}
