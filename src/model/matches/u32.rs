//! `-m u32`: numbers anywhere in the packet.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Value, number};

pub(super) static U32: Extension = Extension {
    options: &[OptionSpec::negatable("u32", Value::Custom(&TESTS))],
    rules: &[Rule::AnyOf(&["u32"])],
    ..Extension::matching("u32")
};

static TESTS: Custom = Custom {
    words: 1,
    read,
    samples: Samples::Either(&[
        "0=0",
        "\"6&0xFF=1 && 4&0x3FFF=0 && 0>>22&0x3C@0>>24=0\"",
        "0x0=0x0&&0x0=0x1",
        "12>>16=0xC0A8,0x0A00:0x0AFF",
        "0&0xFFFF=0x100:0xFFFF",
    ]),
};

/// The most tests, and the most parts of each side of one.
const LIMIT: usize = 10;

/// The most bits that a shift can be of; the kernel checks it.
const SHIFT_LIMIT: u64 = 31;

/// What is left to read of the tests.
struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    }

    fn take(&mut self, prefix: &str) -> bool {
        self.blanks();
        let found = self.rest.strip_prefix(prefix);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn number(&mut self, out: &mut Sink<'_>) -> Option<u64> {
        let (value, rest): (u64, &'t str) = number::leading_up_to(self.rest, u32::MAX.into())?;
        self.rest = rest;
        out.push_hex(value);
        Some(value)
    }
}

fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let mut reader = Reader { rest: argument.text() };
    out.push('"');
    tests(&mut reader, out).ok_or_else(|| {
        argument.bad("give tests `location=value` with `&&`, at most ten, as in `6&0xFF=1&&4&0x3FFF=0`")
    })?;
    out.push('"');
    Ok(())
}

fn tests(reader: &mut Reader<'_>, out: &mut Sink<'_>) -> Option<()> {
    for _ in 0..LIMIT {
        location(reader, out)?;
        values(reader, out)?;
        if reader.rest.is_empty() {
            return Some(());
        }
        if !reader.take("&&") {
            return None;
        }
        out.push_str("&&");
    }
    None
}

/// Numbers with `&`, `<<`, `>>` and `@` between them, up to the `=`.
fn location(reader: &mut Reader<'_>, out: &mut Sink<'_>) -> Option<()> {
    reader.blanks();
    reader.number(out)?;
    for _ in 0..LIMIT {
        if reader.take("=") {
            out.push('=');
            return Some(());
        }
        let operator = ["&", "<<", ">>", "@"].into_iter().find(|operator| reader.take(operator))?;
        out.push_str(operator);
        let number = reader.number(out)?;
        if operator.len() > 1 && number > SHIFT_LIMIT {
            return None;
        }
    }
    None
}

/// Numbers and ranges with commas, up to `&&` or the end.
fn values(reader: &mut Reader<'_>, out: &mut Sink<'_>) -> Option<()> {
    for index in 0..LIMIT {
        if index > 0 {
            out.push(',');
        } else {
            reader.blanks();
        }
        let start = reader.number(out)?;
        if reader.take(":") {
            let (end, rest) = number::leading_up_to(reader.rest, u32::MAX.into())?;
            reader.rest = rest;
            if end != start {
                out.push(':');
                out.push_hex(end);
            }
        }
        reader.blanks();
        if reader.rest.is_empty() || reader.rest.starts_with('&') {
            return Some(());
        }
        if !reader.take(",") {
            return None;
        }
    }
    None
}
