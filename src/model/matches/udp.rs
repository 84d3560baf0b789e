//! `-m udp`: ports of UDP.

use super::tcp::push_ports;
use crate::model::extension::{Extension, Instance, OptionSpec, Printing};
use crate::model::value::{Reading, Sink, Value, protocol};

pub(super) static UDP: Extension = Extension {
    protocols: &[protocol::UDP],
    options: &[
        OptionSpec::negatable("sport", PORTS).aliases(&["source-port"]),
        OptionSpec::negatable("dport", PORTS).aliases(&["destination-port"]),
    ],
    printing: Printing::Whole(print),
    joins: Some(joins),
    ..Extension::matching("udp")
};

const PORTS: Value = Value::PortRange(Reading::Lookup);

/// As for TCP: the nft backend takes the match apart.
fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    let start = out.len();
    instance.push_name("udp", out);
    let named = out.len();
    let given = [instance.get("sport"), instance.get("dport")];
    given.iter().flatten().for_each(|given| push_ports(given, true, out));
    if out.len() == named && given.iter().flatten().any(|given| given.negated) {
        out.truncate(start);
    }
}

/// Whether the nft backend has ports to take apart.
fn joins(instance: &Instance<'_>) -> bool {
    let printed = instance.printed();
    !printed.is_empty() && printed != " -m udp"
}
