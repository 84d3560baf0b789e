//! `-m socket`: whether a socket of this host waits for the packet.

use crate::model::extension::{Extension, HookSet, OptionSpec};
use crate::model::names::Hook;
use crate::model::value::Value;

pub(super) static SOCKET: Extension = Extension {
    hooks: HookSet::of(&[Hook::Prerouting, Hook::Input]),
    options: &[
        OptionSpec::new("transparent", Value::Nothing),
        OptionSpec::new("nowildcard", Value::Nothing),
        OptionSpec::new("restore-skmark", Value::Nothing),
    ],
    ..Extension::matching("socket")
};
