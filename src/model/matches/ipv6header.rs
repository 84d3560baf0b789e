//! `-m ipv6header`: which extension headers a packet has.

use crate::model::extension::{Extension, Families, OptionSpec, Rule};
use crate::model::value::{Argument, Custom, Flags, Samples, Sink, SpecErrorKind, Spelling, Value};

pub(super) static IPV6HEADER: Extension = Extension {
    families: Families::Ipv6,
    options: &[
        OptionSpec::negatable("header", Value::Custom(&HEADERS)),
        OptionSpec::new("soft", Value::Nothing),
    ],
    rules: &[Rule::AnyOf(&["header"])],
    ..Extension::matching("ipv6header")
};

static HEADERS: Custom = Custom {
    words: 1,
    read,
    samples: Samples::Either(&[
        "hop-by-hop",
        "frag",
        "ah,esp,frag",
        "dst,route",
        "none",
        "prot",
        "60",
        "ipv6-nonxt",
    ]),
};

static NAMES: Flags = Flags {
    names: &[
        ("hop-by-hop", 1),
        ("ipv6-opts", 1 << 1),
        ("ipv6-route", 1 << 2),
        ("ipv6-frag", 1 << 3),
        ("ah", 1 << 4),
        ("esp", 1 << 5),
        ("ipv6-nonxt", 1 << 6),
        ("protocol", 1 << 7),
    ],
    aliases: &[
        ("hop", 1),
        ("hopopt", 1),
        ("HOPOPT", 1),
        ("ip", 1),
        ("IP", 1),
        ("0", 1),
        ("dst", 1 << 1),
        ("IPv6-Opts", 1 << 1),
        ("60", 1 << 1),
        ("route", 1 << 2),
        ("IPv6-Route", 1 << 2),
        ("43", 1 << 2),
        ("frag", 1 << 3),
        ("IPv6-Frag", 1 << 3),
        ("44", 1 << 3),
        ("auth", 1 << 4),
        ("IPSEC-AH", 1 << 4),
        ("51", 1 << 4),
        ("IPSEC-ESP", 1 << 5),
        ("50", 1 << 5),
        ("none", 1 << 6),
        ("IPv6-NoNxt", 1 << 6),
        ("59", 1 << 6),
        ("prot", 1 << 7),
        ("255", 1 << 7),
    ],
    spelling: Spelling::Exact,
    none: "NONE",
    lenient: true,
};

fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let bits = NAMES.bits(argument.text(), argument)?;
    if bits == 0 {
        return Err(argument.bad("name at least one header, as in `frag`"));
    }
    NAMES.push(bits, out);
    Ok(())
}
