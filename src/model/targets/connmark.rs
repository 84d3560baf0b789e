//! `-j CONNMARK`: sets the connection's mark, or carries it to and from the packet.

use super::mark::{change, push_change};
use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{Number, Sink, Value, number};

const OPERATIONS: &[&str] =
    &["set-xmark", "set-mark", "and-mark", "or-mark", "xor-mark", "save-mark", "restore-mark"];

pub(super) static CONNMARK: Extension = Extension {
    options: &[
        OptionSpec::new("set-xmark", Value::Mask),
        OptionSpec::new("set-mark", Value::Mask),
        OptionSpec::new("and-mark", BITS),
        OptionSpec::new("or-mark", BITS),
        OptionSpec::new("xor-mark", BITS),
        OptionSpec::new("save-mark", Value::Nothing),
        OptionSpec::new("restore-mark", Value::Nothing),
        OptionSpec::new("nfmask", BITS),
        OptionSpec::new("ctmask", BITS),
        OptionSpec::new("mask", BITS),
        OptionSpec::new("left-shift-mark", SHIFT),
        OptionSpec::new("right-shift-mark", SHIFT),
    ],
    rules: &[
        Rule::AnyOf(OPERATIONS),
        Rule::OneOf(OPERATIONS),
        Rule::OneOf(&["mask", "nfmask"]),
        Rule::OneOf(&["mask", "ctmask"]),
    ],
    printing: Printing::Options(print),
    ..Extension::target("CONNMARK")
};

const BITS: Value = Value::Number(Number::U32.hexadecimal());
/// iptables takes 32, the kernel does not.
const SHIFT: Value = Value::number(0, 31);

/// What the options amount to; a later one overwrites what an earlier one set.
struct State {
    operation: &'static str,
    mark: u32,
    packet_mask: u32,
    mask: u32,
    shift: (&'static str, u32),
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    let state = state(instance);
    if state.operation == "set" {
        push_change(state.mark, state.mask, out);
    } else {
        let State { operation, packet_mask, mask, .. } = state;
        out.push_fmt(format_args!(" --{operation} --nfmask {packet_mask:#x} --ctmask {mask:#x}"));
    }
    let (direction, bits) = state.shift;
    if bits != 0 {
        out.push_fmt(format_args!(" --{direction} {bits}"));
    }
}

fn state(instance: &Instance<'_>) -> State {
    let mut state = State {
        operation: "set",
        mark: 0,
        packet_mask: u32::MAX,
        mask: u32::MAX,
        shift: ("left-shift-mark", 0),
    };
    for given in instance.own().filter_map(|used| instance.given(used)) {
        let bits = number::leading(given.argument.text())
            .and_then(|(bits, _)| u32::try_from(bits).ok())
            .unwrap_or(0);
        match given.option.long {
            long @ ("save-mark" | "restore-mark") => state.operation = long,
            long @ ("left-shift-mark" | "right-shift-mark") => state.shift = (long, bits),
            "nfmask" => state.packet_mask = bits,
            "ctmask" => state.mask = bits,
            "mask" => (state.packet_mask, state.mask) = (bits, bits),
            _ => (state.mark, state.mask) = change(&given).unwrap_or_default(),
        }
    }
    state
}
