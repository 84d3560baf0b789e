//! `-m osf`: the operating system that a TCP handshake gives away.

use crate::model::extension::{Extension, Families, HookSet, OptionSpec, Rule};
use crate::model::names::Hook;
use crate::model::value::{Text, Value, protocol};

pub(super) static OSF: Extension = Extension {
    families: Families::Ipv4,
    protocols: &[protocol::TCP],
    hooks: HookSet::of(&[Hook::Prerouting, Hook::Input, Hook::Forward]),
    options: &[
        OptionSpec::negatable("genre", Value::Text(Text::BARE.cut(31))),
        OptionSpec::new("ttl", Value::number(0, 2)),
        OptionSpec::new("log", Value::number(0, 2)),
    ],
    rules: &[Rule::AnyOf(&["genre"])],
    ..Extension::matching("osf")
};
