//! `-m sctp`: ports and chunks of SCTP.

use crate::model::extension::{Extension, OptionSpec};
use crate::model::value::fault::closest;
use crate::model::value::{Argument, Custom, Reading, Samples, Sink, SpecErrorKind, Value, protocol};

pub(super) static SCTP: Extension = Extension {
    protocols: &[protocol::SCTP],
    options: &[
        OptionSpec::negatable("sport", PORTS).aliases(&["source-port"]),
        OptionSpec::negatable("dport", PORTS).aliases(&["destination-port"]),
        OptionSpec::negatable("chunk-types", Value::Custom(&CHUNKS)),
    ],
    ..Extension::matching("sctp")
};

const PORTS: Value = Value::PortRange(Reading::Strict("sctp"));

static CHUNKS: Custom = Custom {
    words: 2,
    read,
    samples: Samples::Either(&[
        "all INIT",
        "any DATA,SACK",
        "only DATA:Be",
        "all NONE",
        "any ALL",
        "any ABORT:t,SHUTDOWN_COMPLETE:T",
    ]),
};

/// A kind of chunk: its name, its number, and its flags from the highest bit on.
struct Chunk {
    name: &'static str,
    number: u8,
    flags: &'static str,
}

const fn chunk(name: &'static str, number: u8, flags: &'static str) -> Chunk {
    Chunk { name, number, flags }
}

/// By number. The flags of chunks beyond `SHUTDOWN_COMPLETE` are read, and save does not print them.
static KINDS: [Chunk; 22] = [
    chunk("DATA", 0, "----IUBE"),
    chunk("INIT", 1, ""),
    chunk("INIT_ACK", 2, ""),
    chunk("SACK", 3, ""),
    chunk("HEARTBEAT", 4, ""),
    chunk("HEARTBEAT_ACK", 5, ""),
    chunk("ABORT", 6, "-------T"),
    chunk("SHUTDOWN", 7, ""),
    chunk("SHUTDOWN_ACK", 8, ""),
    chunk("ERROR", 9, ""),
    chunk("COOKIE_ECHO", 10, ""),
    chunk("COOKIE_ACK", 11, ""),
    chunk("ECN_ECNE", 12, ""),
    chunk("ECN_CWR", 13, ""),
    chunk("SHUTDOWN_COMPLETE", 14, "-------T"),
    chunk("I_DATA", 64, "----IUBE"),
    chunk("ASCONF_ACK", 128, ""),
    chunk("RE_CONFIG", 130, ""),
    chunk("PAD", 132, ""),
    chunk("FORWARD_TSN", 192, ""),
    chunk("ASCONF", 193, ""),
    chunk("I_FORWARD_TSN", 194, ""),
];

/// The last number whose flags are printed.
const LAST_WITH_FLAGS: u8 = 14;

/// How many kinds of chunk may have flags.
const FLAG_LIMIT: usize = 4;

fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let how = ["any", "all", "only"].into_iter().find(|name| name.eq_ignore_ascii_case(argument.text()));
    out.push_str(how.ok_or_else(|| argument.bad("say first `all`, `any` or `only`, then the chunks"))?);
    out.push(' ');
    let list = argument.second.as_deref().unwrap_or_default();
    if let Some(whole) = ["ALL", "NONE"].into_iter().find(|name| name.eq_ignore_ascii_case(list)) {
        out.push_str(whole);
        return Ok(());
    }
    let chosen = choose(list, argument)?;
    push(&chosen, out);
    Ok(())
}

/// What the list says of each kind: nothing, or which flags must be set and which must not.
type Chosen = Vec<Option<(u8, u8)>>;

fn choose(list: &str, argument: &Argument<'_>) -> Result<Chosen, SpecErrorKind> {
    let mut chosen: Chosen = KINDS.iter().map(|_| None).collect();
    for item in list.split(',').filter(|item| !item.is_empty()) {
        let (name, flags) = item.split_once(':').unwrap_or((item, ""));
        let found =
            KINDS.iter().zip(chosen.iter_mut()).find(|(kind, _)| kind.name.eq_ignore_ascii_case(name));
        let (kind, slot) = found.ok_or_else(|| SpecErrorKind::UnknownName {
            option: argument.option,
            value: name.to_owned(),
            expected: "chunks by name, with commas, or `ALL` or `NONE`".to_owned(),
            hint: closest(name, KINDS.iter().map(|kind| kind.name)),
        })?;
        let (set, mask) = slot.get_or_insert((0, 0));
        for letter in flags.chars() {
            let bit = kind.flags.chars().position(|flag| flag != '-' && flag.eq_ignore_ascii_case(&letter));
            let bit =
                bit.ok_or_else(|| argument.bad("the flags are I, U, B and E of DATA, and T of ABORT"))?;
            *mask |= 0x80 >> bit;
            if letter.is_ascii_uppercase() {
                *set |= 0x80 >> bit;
            }
        }
    }
    if chosen.iter().flatten().filter(|(_, mask)| *mask != 0).count() > FLAG_LIMIT {
        return Err(argument.bad("four kinds of chunk with flags are the most"));
    }
    Ok(chosen)
}

fn push(chosen: &Chosen, out: &mut Sink<'_>) {
    let mut first = true;
    for (kind, (set, mask)) in KINDS.iter().zip(chosen).filter_map(|(kind, slot)| Some((kind, (*slot)?))) {
        if !first {
            out.push(',');
        }
        first = false;
        out.push_str(kind.name);
        if mask == 0 || kind.number > LAST_WITH_FLAGS {
            continue;
        }
        out.push(':');
        for (bit, flag) in kind.flags.chars().enumerate().filter(|(bit, _)| mask & (0x80 >> bit) != 0) {
            out.push(if set & (0x80 >> bit) == 0 { flag.to_ascii_lowercase() } else { flag });
        }
    }
    if first {
        out.push_str("NONE");
    }
}
