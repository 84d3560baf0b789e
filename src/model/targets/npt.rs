//! `-j DNPT` and `-j SNPT`: one IPv6 prefix for another, without state.

use crate::model::extension::{Extension, Families, HookSet, Instance, OptionSpec, Rule, TableSet};
use crate::model::names::{Hook, TableName};
use crate::model::value::host::{self, Host, Mask};
use crate::model::value::{SpecErrorKind, Value, address};

pub(super) static DNPT: Extension =
    Extension { hooks: HookSet::of(&[Hook::Prerouting, Hook::Output]), name: "DNPT", ..BOTH };

pub(super) static SNPT: Extension =
    Extension { hooks: HookSet::of(&[Hook::Input, Hook::Postrouting]), name: "SNPT", ..BOTH };

const BOTH: Extension = Extension {
    families: Families::Ipv6,
    tables: TableSet::of(&[TableName::Mangle]),
    options: &[
        OptionSpec::new("src-pfx", Value::Host(Mask::Always)),
        OptionSpec::new("dst-pfx", Value::Host(Mask::Always)),
    ],
    rules: &[Rule::AnyOf(&["src-pfx"]), Rule::AnyOf(&["dst-pfx"])],
    check: Some(check),
    ..Extension::target("")
};

/// The longest prefix.
const LIMIT: u32 = 64;

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    for long in ["src-pfx", "dst-pfx"] {
        let Some(given) = instance.get(long) else { continue };
        let Host { address, length } = host::parse(&given.argument)?;
        if length > LIMIT || address & !address::mask_v6(length) != 0 {
            return Err(instance.refused(
                "a prefix has at most 64 bits and none set behind them; write it as in `2001:db8::/48`",
            ));
        }
    }
    Ok(())
}
