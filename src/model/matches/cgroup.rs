//! `-m cgroup`: the control group of the socket.

use crate::model::extension::{Extension, HookSet, OptionSpec, Rule};
use crate::model::names::Hook;
use crate::model::value::{Number, Text, Value};

const ANY: &[&str] = &["path", "cgroup"];

pub(super) static CGROUP: Extension = Extension {
    hooks: HookSet::of(&[Hook::Input, Hook::Output, Hook::Postrouting]),
    options: &[
        OptionSpec::negatable("path", Value::Text(Text::QUOTED.cut(511))),
        OptionSpec::negatable("cgroup", Value::Number(Number::U32)),
    ],
    rules: &[Rule::AnyOf(ANY), Rule::OneOf(ANY)],
    ..Extension::matching("cgroup")
};
