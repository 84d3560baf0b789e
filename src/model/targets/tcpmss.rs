//! `-j TCPMSS`: the largest segment that a TCP connection announces.

use crate::model::extension::{Extension, Families, Given, HookSet, Instance, OptionSpec, Printing, Rule};
use crate::model::names::Hook;
use crate::model::value::{Sink, Value, protocol};

pub(super) static TCPMSS: Extension = Extension {
    families: Families::Ipv4,
    options: &[OptionSpec::new("set-mss", Value::number(0, 65_535 - 20)), CLAMP],
    ..BOTH
};

pub(super) static TCPMSS6: Extension = Extension {
    families: Families::Ipv6,
    options: &[OptionSpec::new("set-mss", Value::number(0, 65_535 - 40)), CLAMP],
    ..BOTH
};

/// Where the route is not known yet, there is no path MTU to clamp to.
const ROUTED: &[Hook] = &[Hook::Forward, Hook::Output, Hook::Postrouting];

const CLAMP: OptionSpec = OptionSpec::new("clamp-mss-to-pmtu", Value::Nothing);

const BOTH: Extension = Extension {
    protocols: &[protocol::TCP],
    rules: &[Rule::AnyOf(&["set-mss", "clamp-mss-to-pmtu"])],
    printing: Printing::Options(print),
    narrow: Some(narrow),
    ..Extension::target("TCPMSS")
};

/// The option that came last counts.
fn last<'s>(instance: &Instance<'s>) -> Option<Given<'s>> {
    instance.own().next_back().and_then(|used| instance.given(used))
}

fn narrow(instance: &Instance<'_>) -> HookSet {
    match last(instance) {
        Some(given) if given.option.long == "clamp-mss-to-pmtu" => HookSet::of(ROUTED),
        _ => HookSet::ALL,
    }
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    if let Some(given) = last(instance) {
        given.push(out);
    }
}
