//! `-m connlimit`: how many connections a client or server has.

use crate::model::Family;
use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{Number, Sink, Value};

const LIMITS: &[&str] = &["connlimit-upto", "connlimit-above"];

pub(super) static CONNLIMIT: Extension = Extension {
    options: &[
        OptionSpec::negatable("connlimit-upto", Value::Number(Number::U32)),
        OptionSpec::negatable("connlimit-above", Value::Number(Number::U32)),
        OptionSpec::new("connlimit-mask", Value::Prefix),
        OptionSpec::new("connlimit-saddr", Value::Nothing),
        OptionSpec::new("connlimit-daddr", Value::Nothing),
    ],
    rules: &[Rule::AnyOf(LIMITS), Rule::OneOf(LIMITS), Rule::OneOf(&["connlimit-saddr", "connlimit-daddr"])],
    printing: Printing::Options(print),
    ..Extension::matching("connlimit")
};

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    if let Some(mut given) = LIMITS.iter().find_map(|long| instance.get(long)) {
        let above = (given.option.long == "connlimit-above") != given.negated;
        given.negated = false;
        given.push_as(if above { "connlimit-above" } else { "connlimit-upto" }, out);
    }
    match (instance.get("connlimit-mask"), instance.family) {
        (Some(given), _) => given.push(out),
        (None, Family::Ipv4) => out.push_str(" --connlimit-mask 32"),
        (None, Family::Ipv6) => out.push_str(" --connlimit-mask 128"),
    }
    out.push_str(if instance.has("connlimit-daddr") { " --connlimit-daddr" } else { " --connlimit-saddr" });
}
