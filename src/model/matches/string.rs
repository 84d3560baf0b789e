//! `-m string`: text within the packet.

use std::borrow::Cow;

use crate::model::extension::{Extension, Instance, OptionSpec, Print, Rule};
use crate::model::value::{
    Argument, Custom, Keyword, Number, Samples, Sink, SpecErrorKind, Spelling, Value, number, text,
};

const PATTERNS: &[&str] = &["string", "hex-string"];

pub(super) static STRING: Extension = Extension {
    options: &[
        OptionSpec::negatable("string", Value::Custom(&PLAIN)),
        OptionSpec::negatable("hex-string", Value::Custom(&MIXED)),
        OptionSpec::new("algo", Value::Keyword(&ALGORITHMS)),
        OptionSpec::new("from", Value::Number(Number::U16)).print(Print::Unless("0")),
        OptionSpec::new("to", Value::Number(Number::U16)).print(Print::Unless("65535")),
        OptionSpec::new("icase", Value::Nothing),
    ],
    rules: &[Rule::AnyOf(&["algo"]), Rule::AnyOf(PATTERNS), Rule::OneOf(PATTERNS)],
    check: Some(check),
    printing: crate::model::extension::Printing::Options(print),
    ..Extension::matching("string")
};

static ALGORITHMS: Keyword = Keyword { names: &["bm", "kmp"], aliases: &[], spelling: Spelling::Exact };

static PLAIN: Custom = Custom {
    words: 1,
    read: |argument, out| read(argument, plain, out),
    samples: Samples::Either(&["hello", "\"a b\"", "GET"]),
};

static MIXED: Custom = Custom {
    words: 1,
    read: |argument, out| read(argument, mixed, out),
    samples: Samples::Either(&["|0d0a|", "\"a|20 62|c\"", "|2f69646c653f|", "abc"]),
};

/// The longest pattern, in bytes.
const LIMIT: usize = 128;

fn read(
    argument: &Argument<'_>,
    pattern: fn(&Argument<'_>) -> Result<Vec<u8>, SpecErrorKind>,
    out: &mut Sink<'_>,
) -> Result<(), SpecErrorKind> {
    let pattern = pattern(argument)?;
    if pattern.is_empty() {
        return Err(argument.bad("it is empty; say what to look for"));
    }
    if pattern.len() > LIMIT {
        return Err(argument.bad("128 bytes are the most; shorten it"));
    }
    push(&pattern, out);
    Ok(())
}

fn plain(argument: &Argument<'_>) -> Result<Vec<u8>, SpecErrorKind> {
    Ok(text::bytes(argument.text()).into_owned())
}

/// Text with bytes in hexadecimal between bars; a backslash takes the next character as it is.
fn mixed(argument: &Argument<'_>) -> Result<Vec<u8>, SpecErrorKind> {
    let bad = || argument.bad("give bytes as pairs of hexadecimal digits between bars, as in `|0d 0a|`");
    let source: Cow<'_, [u8]> = text::bytes(argument.text());
    let mut rest: &[u8] = &source;
    let mut pattern = Vec::new();
    let mut hexadecimal = false;
    while let Some((&byte, tail)) = rest.split_first() {
        match byte {
            b'|' => {
                hexadecimal = !hexadecimal;
                rest = if hexadecimal { tail.trim_ascii_start() } else { tail };
            }
            _ if hexadecimal => {
                let [high, low, after @ ..] = rest else { return Err(bad()) };
                let digit =
                    |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return Err(bad()) };
                if after.is_empty() {
                    return Err(bad());
                }
                pattern.push(high << 4 | low);
                rest = after.strip_prefix(b" ").unwrap_or(after);
            }
            b'\\' => {
                let (literal, after) = tail.split_first().ok_or_else(bad)?;
                pattern.push(*literal);
                rest = after;
            }
            _ => {
                pattern.push(byte);
                rest = tail;
            }
        }
    }
    Ok(pattern)
}

/// Whether iptables prints the pattern in hexadecimal.
fn is_binary(pattern: &[u8]) -> bool {
    pattern.last() == Some(&b'\\') || pattern.iter().any(|byte| !(b' '..=b'~').contains(byte))
}

fn push(pattern: &[u8], out: &mut Sink<'_>) {
    if is_binary(pattern) {
        out.push_str("\"|");
        pattern.iter().for_each(|byte| out.push_fmt(format_args!("{byte:02x}")));
        out.push_str("|\"");
        return;
    }
    out.push('"');
    for byte in pattern {
        if matches!(byte, b'"' | b'\\') {
            out.push('\\');
        }
        out.push(char::from(*byte));
    }
    out.push('"');
}

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let offset = |long: &str, absent| {
        instance.get(long).and_then(|given| Some(number::leading(given.argument.text())?.0)).unwrap_or(absent)
    };
    if offset("from", 0) > offset("to", 65_535) {
        return Err(instance.refused("`--from` is behind `--to`; exchange them"));
    }
    Ok(())
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    if let Some(given) = PATTERNS.iter().find_map(|long| instance.get(long)) {
        let pattern =
            if given.option.long == "string" { plain(&given.argument) } else { mixed(&given.argument) };
        let binary = pattern.is_ok_and(|pattern| is_binary(&pattern));
        given.push_as(if binary { "hex-string" } else { "string" }, out);
    }
    instance.push_listed_from("algo", out);
}
