//! `-m dccp`: ports and types of DCCP.

use crate::model::extension::{Extension, OptionSpec};
use crate::model::value::{Flags, Reading, Spelling, Value, protocol};

pub(super) static DCCP: Extension = Extension {
    protocols: &[protocol::DCCP],
    options: &[
        OptionSpec::negatable("sport", PORTS).aliases(&["source-port"]),
        OptionSpec::negatable("dport", PORTS).aliases(&["destination-port"]),
        OptionSpec::negatable("dccp-types", Value::Flags(&TYPES)),
        OptionSpec::negatable("dccp-option", Value::number(1, 255)),
    ],
    ..Extension::matching("dccp")
};

const PORTS: Value = Value::PortRange(Reading::Lookup);

static TYPES: Flags = Flags {
    names: &[
        ("REQUEST", 1),
        ("RESPONSE", 1 << 1),
        ("DATA", 1 << 2),
        ("ACK", 1 << 3),
        ("DATAACK", 1 << 4),
        ("CLOSEREQ", 1 << 5),
        ("CLOSE", 1 << 6),
        ("RESET", 1 << 7),
        ("SYNC", 1 << 8),
        ("SYNCACK", 1 << 9),
        ("INVALID", 1 << 10),
    ],
    aliases: &[],
    spelling: Spelling::AnyCase,
    none: "\"\"",
    lenient: true,
};
