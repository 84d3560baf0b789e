//! `-m conntrack`, and its old name `-m state`: what connection tracking knows of the packet's connection.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::host::Mask;
use crate::model::value::{
    Argument, Custom, Flags, Keyword, NumberRange, Reading, Samples, Sink, SpecErrorKind, Spelling, Value,
    port,
};

pub(super) static CONNTRACK: Extension = Extension {
    options: &[
        OptionSpec::negatable("ctstate", Value::Flags(&STATES)),
        OptionSpec::negatable("ctproto", Value::Protocol),
        OptionSpec::negatable("ctorigsrc", ADDRESS),
        OptionSpec::negatable("ctorigdst", ADDRESS),
        OptionSpec::negatable("ctreplsrc", ADDRESS),
        OptionSpec::negatable("ctrepldst", ADDRESS),
        OptionSpec::negatable("ctorigsrcport", PORTS),
        OptionSpec::negatable("ctorigdstport", PORTS),
        OptionSpec::negatable("ctreplsrcport", PORTS),
        OptionSpec::negatable("ctrepldstport", PORTS),
        OptionSpec::negatable("ctstatus", Value::Flags(&STATUSES)),
        OptionSpec::negatable("ctexpire", Value::NumberRange(NumberRange::U32)),
        OptionSpec::new("ctdir", Value::Keyword(&DIRECTION)),
    ],
    rules: &[Rule::AnyOf(&[
        "ctstate",
        "ctproto",
        "ctorigsrc",
        "ctorigdst",
        "ctreplsrc",
        "ctrepldst",
        "ctorigsrcport",
        "ctorigdstport",
        "ctreplsrcport",
        "ctrepldstport",
        "ctstatus",
        "ctexpire",
        "ctdir",
    ])],
    ..Extension::matching("conntrack")
};

pub(super) static STATE: Extension = Extension {
    options: &[OptionSpec::negatable("state", Value::Flags(&PLAIN_STATES))],
    rules: &[Rule::AnyOf(&["state"])],
    ..Extension::matching("state")
};

static STATES: Flags = Flags {
    names: &[
        ("INVALID", 1),
        ("NEW", 1 << 1),
        ("RELATED", 1 << 2),
        ("ESTABLISHED", 1 << 3),
        ("UNTRACKED", 1 << 4),
        ("SNAT", 1 << 5),
        ("DNAT", 1 << 6),
    ],
    aliases: &[],
    spelling: Spelling::Abbreviated,
    none: "",
    lenient: false,
};

static PLAIN_STATES: Flags = Flags {
    names: &[
        ("INVALID", 1),
        ("NEW", 1 << 1),
        ("RELATED", 1 << 2),
        ("ESTABLISHED", 1 << 3),
        ("UNTRACKED", 1 << 4),
    ],
    aliases: &[],
    spelling: Spelling::Abbreviated,
    none: "",
    lenient: false,
};

static STATUSES: Flags = Flags {
    names: &[("EXPECTED", 1), ("SEEN_REPLY", 1 << 1), ("ASSURED", 1 << 2), ("CONFIRMED", 1 << 3)],
    aliases: &[("NONE", 0)],
    spelling: Spelling::Abbreviated,
    none: "NONE",
    lenient: false,
};

static DIRECTION: Keyword =
    Keyword { names: &["ORIGINAL", "REPLY"], aliases: &[], spelling: Spelling::AnyCase };

const ADDRESS: Value = Value::Host(Mask::UnlessFull);
const PORTS: Value = Value::Custom(&PORT);

static PORT: Custom = Custom {
    words: 1,
    read: read_port,
    samples: Samples::Either(&["80", "1024:65535", "ssh", ":1024", "8000:"]),
};

fn read_port(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let (from, to) = port::range(Reading::Lookup, argument.text())?;
    port::push_range(from, if to == 0 { from } else { to }, out);
    Ok(())
}
