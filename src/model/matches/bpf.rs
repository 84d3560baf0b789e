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
const RETURN: u32 = 6;

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
        let mut numbers = instruction.split_whitespace().map(str::parse::<u32>);
        let mut next =
            |limit| numbers.next().and_then(Result::ok).filter(|number| *number <= limit).ok_or_else(fault);
        let (first, yes, no, value) = (next(0xffff)?, next(0xff)?, next(0xff)?, next(u32::MAX)?);
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
