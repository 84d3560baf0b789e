//! `-j TOS`: sets the type of service.

use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule, TableSet};
use crate::model::names::TableName;
use crate::model::value::{Number, Sink, Value, number, tos};

const ANY: &[&str] = &["set-tos", "and-tos", "or-tos", "xor-tos"];

pub(super) static TOS: Extension = Extension {
    tables: TableSet::of(&[TableName::Mangle]),
    options: &[
        OptionSpec::new("set-tos", Value::Tos),
        OptionSpec::new("and-tos", BITS),
        OptionSpec::new("or-tos", BITS),
        OptionSpec::new("xor-tos", BITS),
    ],
    rules: &[Rule::AnyOf(ANY), Rule::OneOf(ANY)],
    printing: Printing::Options(print),
    ..Extension::target("TOS")
};

const BITS: Value = Value::Number(Number::U8.padded(2));

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    let Some(given) = ANY.iter().find_map(|long| instance.get(long)) else { return };
    let bits =
        number::leading(given.argument.text()).and_then(|(bits, _)| u8::try_from(bits).ok()).unwrap_or(0);
    let (value, mask) = match given.option.long {
        "set-tos" => tos::parse(&given.argument).unwrap_or_default(),
        "and-tos" => (0, !bits),
        "or-tos" => (bits, bits),
        _ => (bits, 0),
    };
    out.push_str(" --set-tos ");
    tos::push(value, mask, out);
}
