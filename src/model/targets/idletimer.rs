//! `-j IDLETIMER`: tells user space that an interface is idle.

use crate::model::extension::{Extension, Instance, OptionSpec, Rule};
use crate::model::value::{SpecErrorKind, Text, Value};

pub(super) static IDLETIMER: Extension = Extension {
    options: &[
        OptionSpec::new("timeout", Value::number(0, u32::MAX as u64)),
        OptionSpec::new("label", Value::Text(Text::BARE.cut(27))),
        OptionSpec::new("alarm", Value::Nothing),
    ],
    rules: &[Rule::AnyOf(&["timeout"]), Rule::AnyOf(&["label"])],
    check: Some(check),
    ..Extension::target("IDLETIMER")
};

/// The longest timeout in seconds; the kernel counts milliseconds in 31 bits.
const LIMIT: u64 = i32::MAX as u64 / 1000;

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let timeout = instance.get("timeout").and_then(|given| given.value().parse::<u64>().ok()).unwrap_or(1);
    if timeout == 0 || timeout >= LIMIT {
        return Err(instance.refused("`--timeout` is from 1 to 2147482 seconds; change it"));
    }
    let label = instance.get("label").map(|given| given.argument.first).unwrap_or_default();
    if label.is_empty() || matches!(label.as_ref(), "power" | "subsystem" | "uevent") {
        return Err(instance.refused("`--label` must be a name that sysfs has no use for; choose another"));
    }
    Ok(())
}
