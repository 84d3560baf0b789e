//! `-j TCPMSS`: the largest segment that a TCP connection announces.

use crate::model::extension::{Extension, Families, Instance, OptionSpec, Printing, Rule};
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

const CLAMP: OptionSpec = OptionSpec::new("clamp-mss-to-pmtu", Value::Nothing).at(ROUTED);

const BOTH: Extension = Extension {
    protocols: &[protocol::TCP],
    rules: &[Rule::AnyOf(&["set-mss", "clamp-mss-to-pmtu"])],
    printing: Printing::Options(print),
    ..Extension::target("TCPMSS")
};

/// The option that came last counts.
fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    if let Some(given) = instance.own().next_back().and_then(|used| instance.given(used)) {
        given.push(out);
    }
}
