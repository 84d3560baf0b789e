//! `-m devgroup`: the group of the network interface.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::names::Hook;
use crate::model::value::Value;
use crate::model::value::hostfile::HostFile;

pub(super) static DEVGROUP: Extension = Extension {
    options: &[
        OptionSpec::negatable("src-group", GROUP).at(&[Hook::Prerouting, Hook::Input, Hook::Forward]),
        OptionSpec::negatable("dst-group", GROUP).at(&[Hook::Forward, Hook::Output, Hook::Postrouting]),
    ],
    rules: &[Rule::AnyOf(&["src-group", "dst-group"])],
    ..Extension::matching("devgroup")
};

const GROUP: Value = Value::Named(HostFile::DeviceGroups);
