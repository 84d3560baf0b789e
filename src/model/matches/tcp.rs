//! `-m tcp`: ports and flags of TCP.

use crate::model::extension::{Extension, Given, Instance, OptionSpec, Print, Printing, Rule};
use crate::model::value::{
    Argument, Custom, Flags, Reading, Samples, Sink, SpecErrorKind, Spelling, Value, port, protocol,
};

pub(super) static TCP: Extension = Extension {
    protocols: &[protocol::TCP],
    options: &[
        OptionSpec::negatable("sport", PORTS).aliases(&["source-port"]),
        OptionSpec::negatable("dport", PORTS).aliases(&["destination-port"]),
        OptionSpec::negatable("tcp-option", Value::number(1, 255)),
        OptionSpec::negatable("tcp-flags", Value::Custom(&FLAGS)),
        OptionSpec::negatable("syn", Value::Nothing).print(Print::As("tcp-flags", "FIN,SYN,RST,ACK SYN")),
    ],
    rules: &[Rule::OneOf(&["tcp-flags", "syn"])],
    printing: Printing::Whole(print),
    joins: Some(joins),
    ..Extension::matching("tcp")
};

const PORTS: Value = Value::PortRange(Reading::Strict("tcp"));

static FLAG_NAMES: Flags = Flags {
    names: &[("FIN", 0x01), ("SYN", 0x02), ("RST", 0x04), ("PSH", 0x08), ("ACK", 0x10), ("URG", 0x20)],
    aliases: &[("ALL", 0x3f), ("NONE", 0)],
    spelling: Spelling::AnyCase,
    none: "NONE",
    lenient: true,
};

static FLAGS: Custom = Custom {
    words: 2,
    read: read_flags,
    samples: Samples::Either(&[
        "SYN,ACK SYN",
        "ALL NONE",
        "FIN,SYN,RST,ACK SYN",
        "all fin,psh,urg",
        "SYN SYN",
        "ALL ALL",
    ]),
};

fn read_flags(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let (mask, set) = flags(argument)?;
    FLAG_NAMES.push(mask, out);
    out.push(' ');
    FLAG_NAMES.push(set, out);
    Ok(())
}

fn flags(argument: &Argument<'_>) -> Result<(u32, u32), SpecErrorKind> {
    let mask = FLAG_NAMES.bits(argument.text(), argument)?;
    let set = FLAG_NAMES.bits(argument.second.as_deref().unwrap_or_default(), argument)?;
    Ok((mask, set))
}

/// Prints it as the nft backend does, which takes the match apart: what matches everything leaves nothing behind, and
/// a negated range from 0 comes back as the range above it.
fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    let native = !instance.has("tcp-option");
    let start = out.len();
    instance.push_name("tcp", out);
    let named = out.len();
    for long in ["sport", "dport"] {
        if let Some(given) = instance.get(long) {
            push_ports(&given, native, out);
        }
    }
    for long in ["tcp-option", "tcp-flags", "syn"] {
        let Some(given) = instance.get(long) else { continue };
        let mask = if long == "tcp-flags" { flags(&given.argument).map_or(0, |(mask, _)| mask) } else { 1 };
        if mask == 0 && (native || !given.negated) {
            continue;
        }
        if long == "syn" {
            out.push_str(if given.negated { " !" } else { "" });
            out.push_str(" --tcp-flags FIN,SYN,RST,ACK SYN");
        } else {
            given.push(out);
        }
    }
    if out.len() == named && native && !is_blank(instance) {
        out.truncate(start);
    }
}

/// Whether nothing was said that would not hold anyway, in the kernel's own terms.
fn is_blank(instance: &Instance<'_>) -> bool {
    let plain = |given: Given<'_>| !given.negated;
    let unset = |given: Given<'_>| !given.negated && flags(&given.argument) == Ok((0, 0));
    instance.get("sport").is_none_or(plain)
        && instance.get("dport").is_none_or(plain)
        && instance.get("tcp-flags").is_none_or(unset)
}

/// Whether the nft backend has ports or flags to take apart.
fn joins(instance: &Instance<'_>) -> bool {
    let printed = instance.printed();
    !instance.has("tcp-option") && !printed.is_empty() && printed != " -m tcp"
}

/// Appends a range of ports of TCP or UDP.
pub(super) fn push_ports(given: &Given<'_>, native: bool, out: &mut Sink<'_>) {
    let Value::PortRange(reading) = given.option.value else { return };
    let Ok((from, to)) = port::range(reading, given.argument.text()) else { return };
    if (from, to) == (0, u16::MAX) {
        return;
    }
    let above = native && given.negated && from == 0 && to > 0;
    out.push_str(if given.negated && !above { " ! --" } else { " --" });
    out.push_str(given.option.long);
    out.push(' ');
    if above {
        port::push_range(to.saturating_add(1), u16::MAX, out);
    } else {
        port::push_range(from, to, out);
    }
}
