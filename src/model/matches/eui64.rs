//! `-m eui64`: whether the address is made from the hardware address.

use crate::model::extension::{Extension, Families, HookSet};
use crate::model::names::Hook;

pub(super) static EUI64: Extension = Extension {
    families: Families::Ipv6,
    hooks: HookSet::of(&[Hook::Prerouting, Hook::Input, Hook::Forward]),
    ..Extension::matching("eui64")
};
