//! `-m addrtype`: what kind of address the source or destination is.

use crate::model::Family;
use crate::model::extension::{Extension, Instance, OptionSpec, Rule};
use crate::model::names::Hook;
use crate::model::value::{Flags, SpecErrorKind, Spelling, Value};

pub(super) static ADDRTYPE: Extension = Extension {
    options: &[
        OptionSpec::negatable("src-type", Value::Flags(&TYPES)),
        OptionSpec::negatable("dst-type", Value::Flags(&TYPES)),
        OptionSpec::new("limit-iface-in", Value::Nothing).at(&[Hook::Prerouting, Hook::Input, Hook::Forward]),
        OptionSpec::new("limit-iface-out", Value::Nothing).at(&[
            Hook::Forward,
            Hook::Output,
            Hook::Postrouting,
        ]),
    ],
    rules: &[Rule::AnyOf(&["src-type", "dst-type"]), Rule::OneOf(&["limit-iface-in", "limit-iface-out"])],
    check: Some(check),
    ..Extension::matching("addrtype")
};

static TYPES: Flags = Flags {
    names: &[
        ("UNSPEC", 1),
        ("UNICAST", 1 << 1),
        ("LOCAL", 1 << 2),
        ("BROADCAST", 1 << 3),
        ("ANYCAST", 1 << 4),
        ("MULTICAST", 1 << 5),
        ("BLACKHOLE", 1 << 6),
        ("UNREACHABLE", 1 << 7),
        ("PROHIBIT", 1 << 8),
        ("THROW", 1 << 9),
        ("NAT", 1 << 10),
        ("XRESOLVE", 1 << 11),
    ],
    aliases: &[],
    spelling: Spelling::Abbreviated,
    none: "",
    lenient: false,
};

/// BLACKHOLE, and all from PROHIBIT on.
const NOT_IPV6: u32 = (1 << 6) | !0xff;
const BROADCAST: u32 = 1 << 3;

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    if instance.family == Family::Ipv4 {
        return Ok(());
    }
    let mut bits = 0;
    for long in ["src-type", "dst-type"] {
        if let Some(given) = instance.get(long) {
            bits |= TYPES.bits(given.argument.text(), &given.argument)?;
        }
    }
    if bits & (NOT_IPV6 | BROADCAST) != 0 {
        return Err(instance.refused("IPv6 has no such type of address; leave the type out"));
    }
    Ok(())
}
