//! `-m ipcomp`: compressed payloads.

use crate::model::extension::{Extension, Instance, OptionSpec, Printing};
use crate::model::value::{NumberRange, Sink, Value, protocol};

pub(super) static IPCOMP: Extension = Extension {
    protocols: &[protocol::IPCOMP],
    options: &[
        OptionSpec::negatable("ipcompspi", Value::NumberRange(NumberRange::U32)),
        OptionSpec::new("compres", Value::Nothing),
    ],
    printing: Printing::Options(print),
    ..Extension::matching("ipcomp")
};

/// Without a range, iptables asks for 0; every number is what it leaves out.
fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    match instance.get("ipcompspi") {
        Some(given) if given.value() == NumberRange::ALL_U32 => {}
        Some(given) => given.push(out),
        None => out.push_str(" --ipcompspi 0"),
    }
    instance.push_listed_from("compres", out);
}
