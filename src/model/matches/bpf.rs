//! `-m bpf`: a program of the Berkeley packet filter.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Text, Value};

const ANY: &[&str] = &["bytecode", "object-pinned"];

pub(super) static BPF: Extension = Extension {
    options: &[
        OptionSpec::new("bytecode", Value::Custom(&PROGRAM)),
        OptionSpec::new("object-pinned", Value::Text(Text::BARE.cut(511))),
    ],
    rules: &[Rule::AnyOf(ANY), Rule::OneOf(ANY)],
    ..Extension::matching("bpf")
};

static PROGRAM: Custom = Custom {
    words: 1,
    read,
    samples: Samples::Either(&["4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0", "1,6 0 0 65535"]),
};

/// The most instructions of a program.
const LIMIT: usize = 64;

/// The code of an instruction that ends the program, in its last three bits.
const RETURN: u64 = 6;

/// A count, then as many instructions of four numbers, with commas.
fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let fault = || {
        argument.bad("give the count of instructions, then each as four numbers, with commas, as `nfbpf_compile` prints it")
    };
    let (count, program) = argument.text().split_once(',').ok_or_else(fault)?;
    let count: usize = count.trim_start().parse().map_err(|_| fault())?;
    if count == 0 || count > LIMIT {
        return Err(argument.bad("a program has from 1 to 64 instructions"));
    }
    out.push_fmt(format_args!("\"{count}"));
    let mut code = 0;
    let mut seen = 0;
    for instruction in program.strip_suffix(',').unwrap_or(program).split(',') {
        let mut rest = instruction;
        let mut next =
            |bits: u32| scan(&mut rest).map(|number| number & (u64::MAX >> (64 - bits))).ok_or_else(fault);
        let (first, yes, no, value) = (next(16)?, next(8)?, next(8)?, next(32)?);
        out.push_fmt(format_args!(",{first} {yes} {no} {value}"));
        code = first;
        seen += 1;
    }
    if seen != count {
        return Err(fault());
    }
    if code & 7 != RETURN {
        return Err(argument.bad("its last instruction must return; let a compiler make the program"));
    }
    out.push('"');
    Ok(())
}

/// The number that `rest` begins with, as `sscanf` reads it: too great a one is the greatest, a negative one wraps round.
fn scan(rest: &mut &str) -> Option<u64> {
    let text = rest.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let length = unsigned.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(unsigned.len());
    let (digits, behind) = unsigned.split_at_checked(length).filter(|(digits, _)| !digits.is_empty())?;
    *rest = behind;
    let number = digits.parse().ok();
    if text.starts_with('-') {
        Some(number.map_or(u64::MAX, u64::wrapping_neg))
    } else {
        Some(number.unwrap_or(u64::MAX))
    }
}
