//! `-j CLASSIFY`: the class of traffic control.

use crate::model::extension::{Extension, HookSet, OptionSpec, Rule};
use crate::model::names::Hook;
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Value};

pub(super) static CLASSIFY: Extension = Extension {
    hooks: HookSet::of(&[Hook::Forward, Hook::Output, Hook::Postrouting]),
    options: &[OptionSpec::new("set-class", Value::Custom(&CLASS))],
    rules: &[Rule::AnyOf(&["set-class"])],
    ..Extension::target("CLASSIFY")
};

static CLASS: Custom =
    Custom { words: 1, read, samples: Samples::Either(&["1:1", "ffff:ffff", "0:0", "20:ab"]) };

/// `major:minor`, both in hexadecimal, as `sscanf` reads them; what follows is passed over.
fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let parts =
        leading(argument.text()).and_then(|(major, rest)| Some((major, leading(rest.strip_prefix(':')?)?.0)));
    let (major, minor) =
        parts.ok_or_else(|| argument.bad("give `major:minor` in hexadecimal, as in `1:10`"))?;
    out.push_fmt(format_args!("{:04x}:{:04x}", major & 0xffff, minor & 0xffff));
    Ok(())
}

fn leading(text: &str) -> Option<(u32, &str)> {
    let text = text.trim_start();
    let (below, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixed = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let text = prefixed.unwrap_or(text);
    let length = text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let number = match length {
        0 if prefixed.is_some() => 0,
        _ => u32::from_str_radix(text.get(..length)?, 16).ok()?,
    };
    Some((if below { number.wrapping_neg() } else { number }, text.get(length..)?))
}
