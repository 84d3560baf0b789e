//! `-j TPROXY`: the packet to a socket of this host, its addresses unchanged.

use crate::model::Family;
use crate::model::extension::{Extension, HookSet, OptionSpec, Print, Rule, TableSet};
use crate::model::extension::{Instance, Printing};
use crate::model::names::{Hook, TableName};
use crate::model::value::host::Mask;
use crate::model::value::protocol::{TCP, UDP};
use crate::model::value::{Argument, Custom, Reading, Samples, Sink, SpecErrorKind, Value, mask};

pub(super) static TPROXY: Extension = Extension {
    protocols: &[TCP, UDP],
    tables: TableSet::of(&[TableName::Mangle]),
    hooks: HookSet::of(&[Hook::Prerouting]),
    options: &[
        OptionSpec::new("on-port", Value::Custom(&PORT)),
        OptionSpec::new("on-ip", Value::Host(Mask::None)),
        OptionSpec::new("tproxy-mark", Value::Custom(&MARK)).print(Print::Always("0x0/0x0")),
    ],
    rules: &[Rule::AnyOf(&["on-port"])],
    printing: Printing::Options(print),
    ..Extension::target("TPROXY")
};

static PORT: Custom = Custom { words: 1, read: read_port, samples: Samples::Either(&["3128", "http"]) };
static MARK: Custom =
    Custom { words: 1, read: read_mark, samples: Samples::Either(&["0x1/0x1", "5", "0xff/0xf0"]) };

fn read_port(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let text = argument.text();
    let port = if text.is_empty() { 0 } else { Reading::Lookup.port(text)? };
    out.push_number(port.into());
    Ok(())
}

/// The mask is printed even when it is full.
fn read_mark(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let (value, mask) = mask::parse(argument)?;
    out.push_fmt(format_args!("{value:#x}/{mask:#x}"));
    Ok(())
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    instance.push_listed_until("on-ip", out);
    match (instance.get("on-ip"), instance.family) {
        (Some(given), _) => given.push(out),
        (None, Family::Ipv4) => out.push_str(" --on-ip 0.0.0.0"),
        (None, Family::Ipv6) => out.push_str(" --on-ip ::"),
    }
    instance.push_listed_from("tproxy-mark", out);
}
