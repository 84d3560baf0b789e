//! `-j MARK`: sets the packet's mark.

use crate::model::extension::{Extension, Given, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{Number, Sink, Value, mask, number};

const ANY: &[&str] = &["set-xmark", "set-mark", "and-mark", "or-mark", "xor-mark"];

pub(super) static MARK: Extension = Extension {
    options: &[
        OptionSpec::new("set-xmark", Value::Mask),
        OptionSpec::new("set-mark", Value::Mask),
        OptionSpec::new("and-mark", BITS),
        OptionSpec::new("or-mark", BITS),
        OptionSpec::new("xor-mark", BITS),
    ],
    rules: &[Rule::AnyOf(ANY), Rule::OneOf(ANY)],
    printing: Printing::Options(print),
    ..Extension::target("MARK")
};

const BITS: Value = Value::Number(Number::U32.hexadecimal());

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    if let Some((value, mask)) =
        ANY.iter().find_map(|long| instance.get(long)).and_then(|given| change(&given))
    {
        push_change(value, mask, out);
    }
}

/// The bits to flip and those to clear before, as `--set-xmark` says them; none where `given` sets no mark.
pub(super) fn change(given: &Given<'_>) -> Option<(u32, u32)> {
    let text = given.argument.text();
    let bits = || number::whole(text, 0, u32::MAX.into()).and_then(|bits| u32::try_from(bits).ok());
    match given.option.long {
        "set-xmark" => mask::split(text),
        "set-mark" => mask::split(text).map(|(value, mask)| (value, value | mask)),
        "and-mark" => bits().map(|bits| (0, !bits)),
        "or-mark" => bits().map(|bits| (bits, bits)),
        "xor-mark" => bits().map(|bits| (bits, 0)),
        _ => None,
    }
}

/// Appends ` --set-xmark VALUE/MASK`.
pub(super) fn push_change(value: u32, mask: u32, out: &mut Sink<'_>) {
    // iptables prints them with `%x` behind a `0x`, so a nought is `0x0`.
    out.push_fmt(format_args!(" --set-xmark {value:#x}/{mask:#x}"));
}
