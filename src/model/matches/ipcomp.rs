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

/// Without a range, iptables asks for 0. Of every number save prints nothing, which would read back as 0, so it stays.
fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    match instance.get("ipcompspi") {
        Some(given) => given.push(out),
        None => out.push_str(" --ipcompspi 0"),
    }
    instance.push_listed_from("compres", out);
}
