//! `-m mac`: the hardware address that sent the frame.

use crate::model::extension::{Extension, HookSet, OptionSpec, Rule};
use crate::model::names::Hook;
use crate::model::value::Value;

pub(super) static MAC: Extension = Extension {
    hooks: HookSet::of(&[Hook::Prerouting, Hook::Input, Hook::Forward]),
    options: &[OptionSpec::negatable("mac-source", Value::Mac)],
    rules: &[Rule::AnyOf(&["mac-source"])],
    ..Extension::matching("mac")
};
