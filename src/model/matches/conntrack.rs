//! `-m conntrack`, and its old name `-m state`: what connection tracking knows of the packet's connection.

use crate::model::Family;
use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{
    Argument, Custom, Flags, Keyword, NumberRange, Reading, Sink, SpecErrorKind, Spelling, Value, address,
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
        OptionSpec::negatable("ctexpire", Value::NumberRange(NumberRange::up_to(u32::MAX as u64))),
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

const ADDRESS: Value = Value::Custom(&HOST);
const PORTS: Value = Value::Custom(&PORT);

static HOST: Custom = Custom {
    words: 1,
    read: read_address,
    samples: &["4:10.0.0.1", "4:10.0.0.0/8", "4:192.0.2.0/255.255.255.0", "6:2001:db8::1", "6:2001:db8::/32"],
};

static PORT: Custom =
    Custom { words: 1, read: read_port, samples: &["80", "1024:65535", "ssh", ":1024", "8000:"] };

/// A host with a mask; the bits outside the mask stay.
fn read_address(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let (host, mask) = match argument.text().split_once('/') {
        Some((host, mask)) => (host, Some(mask)),
        None => (argument.text(), None),
    };
    let full = match argument.family {
        Family::Ipv4 => {
            address::push_v4(address::lookup_v4(host)?, out);
            32
        }
        Family::Ipv6 => {
            address::push_v6(address::lookup_v6(host)?, out);
            128
        }
    };
    let Some(mask) = mask else { return Ok(()) };
    let length = address::prefix_length(mask, argument.family)
        .ok_or_else(|| argument.bad("its mask is the length of a prefix, or a mask in full"))?;
    if length != full {
        out.push('/');
        out.push_number(length.into());
    }
    Ok(())
}

fn read_port(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let (from, to) = port::range(Reading::Lookup, argument.text())?;
    port::push_range(from, if to == 0 { from } else { to }, out);
    Ok(())
}
