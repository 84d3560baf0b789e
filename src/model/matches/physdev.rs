//! `-m physdev`: the bridge port that a frame came in by or leaves by.

use crate::model::extension::{Extension, HookSet, Instance, OptionSpec, Rule};
use crate::model::names::Hook;
use crate::model::value::Value;

pub(super) static PHYSDEV: Extension = Extension {
    options: &[
        OptionSpec::negatable("physdev-is-in", Value::Nothing),
        OptionSpec::negatable("physdev-in", Value::Interface),
        OptionSpec::negatable("physdev-is-out", Value::Nothing),
        OptionSpec::negatable("physdev-out", Value::Interface),
        OptionSpec::negatable("physdev-is-bridged", Value::Nothing),
    ],
    rules: &[Rule::AnyOf(&[
        "physdev-in",
        "physdev-out",
        "physdev-is-in",
        "physdev-is-out",
        "physdev-is-bridged",
    ])],
    narrow: Some(narrow),
    ..Extension::matching("physdev")
};

/// A bridge has not chosen the port yet when this host sends; of bridged frames, which it never sends, the kernel lets it
/// pass (`physdev_mt_check`, `net/netfilter/xt_physdev.c`).
fn narrow(instance: &Instance<'_>) -> HookSet {
    let leaves = instance.has("physdev-out") || instance.has("physdev-is-out");
    let bridged = instance.get("physdev-is-bridged").is_some_and(|given| !given.negated);
    if leaves && !bridged {
        HookSet::of(&[Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Postrouting])
    } else {
        HookSet::ALL
    }
}
