//! `-j LED`: a light for the packet.

use crate::model::extension::{Extension, OptionSpec, Print, Rule};
use crate::model::value::{Argument, Custom, Number, Samples, Sink, SpecErrorKind, Value, number, text};

pub(super) static LED: Extension = Extension {
    options: &[
        OptionSpec::new("led-trigger-id", Value::Custom(&TRIGGER)),
        OptionSpec::new("led-delay", Value::Custom(&DELAY)).print(Print::Unless("0")),
        OptionSpec::new("led-always-blink", Value::Nothing),
    ],
    rules: &[Rule::AnyOf(&["led-trigger-id"])],
    ..Extension::target("LED")
};

static TRIGGER: Custom =
    Custom { words: 1, read: read_trigger, samples: Samples::Either(&["foo", "ssh-in"]) };
static DELAY: Custom = Custom { words: 1, read: read_delay, samples: Samples::Either(&["0", "42", "inf"]) };

/// The longest name of a trigger, in bytes.
const LIMIT: usize = 16;

fn read_trigger(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    if text::byte_length(argument.text()) > LIMIT {
        return Err(argument.bad("16 bytes are the most; shorten it"));
    }
    out.push('"');
    for character in argument.text().chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    Ok(())
}

fn read_delay(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    if argument.text().get(..3).is_some_and(|head| head.eq_ignore_ascii_case("inf")) {
        out.push_str("inf");
        return Ok(());
    }
    let delay = number::whole(argument.text(), 0, Number::U32.max);
    out.push_number(delay.ok_or_else(|| argument.bad("give milliseconds, or `inf`"))?);
    Ok(())
}
