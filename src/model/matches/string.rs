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

#[expect(clippy::unnecessary_wraps, reason = "its sibling can fail, and both are called alike")]
fn plain(argument: &Argument<'_>) -> Result<Vec<u8>, SpecErrorKind> {
    Ok(text::bytes(argument.text()).into_owned())
}

/// Text with bytes in hexadecimal between bars; a backslash takes the next character as it is, and so does a closing bar.
fn mixed(argument: &Argument<'_>) -> Result<Vec<u8>, SpecErrorKind> {
    let source: Cow<'_, [u8]> = text::bytes(argument.text());
    mixed_bytes(&source).ok_or_else(|| {
        argument.bad("give bytes as pairs of hexadecimal digits between bars, as in `|0d 0a|`")
    })
}

fn mixed_bytes(source: &[u8]) -> Option<Vec<u8>> {
    let mut rest = source;
    let mut pattern = Vec::new();
    let mut hexadecimal = false;
    while let Some((first, tail)) = rest.split_first() {
        match first {
            b'\\' if hexadecimal => return None,
            b'\\' => {
                rest = take(tail, &mut pattern)?;
                continue;
            }
            b'|' => {
                hexadecimal = !hexadecimal;
                rest = if hexadecimal { tail.trim_ascii_start() } else { tail };
                if rest.is_empty() {
                    break;
                }
            }
            _ => {}
        }
        rest = if hexadecimal { take_pair(rest, &mut pattern)? } else { take(rest, &mut pattern)? };
    }
    Some(pattern)
}

/// Takes the first byte as it is.
fn take<'s>(source: &'s [u8], pattern: &mut Vec<u8>) -> Option<&'s [u8]> {
    let (first, rest) = source.split_first()?;
    pattern.push(*first);
    Some(rest)
}

/// Takes two digits, behind which the closing bar must still come, and a blank.
fn take_pair<'s>(source: &'s [u8], pattern: &mut Vec<u8>) -> Option<&'s [u8]> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match source {
        [high, low, rest @ ..] if !rest.is_empty() => {
            pattern.push(digit(*high)? << 4 | digit(*low)?);
            Some(rest.strip_prefix(b" ").unwrap_or(rest))
        }
        _ => None,
    }
}

/// Whether iptables prints the pattern in hexadecimal.
fn is_binary(pattern: &[u8]) -> bool {
    pattern.last() == Some(&b'\\') || pattern.iter().any(|byte| !(b' '..=b'~').contains(byte))
}

fn push(pattern: &[u8], out: &mut Sink<'_>) {
    if is_binary(pattern) {
        out.push_str("\"|");
        for byte in pattern {
            out.push_fmt(format_args!("{byte:02x}"));
        }
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
