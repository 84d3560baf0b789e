//! `-m ecn`: explicit congestion notification.

use crate::model::extension::{Extension, Instance, OptionSpec, Rule};
use crate::model::value::{SpecErrorKind, Value, protocol};

pub(super) static ECN: Extension = Extension {
    options: &[
        OptionSpec::negatable("ecn-tcp-ece", Value::Nothing),
        OptionSpec::negatable("ecn-tcp-cwr", Value::Nothing),
        OptionSpec::negatable("ecn-ip-ect", Value::number(0, 3)),
    ],
    rules: &[Rule::AnyOf(&["ecn-tcp-cwr", "ecn-tcp-ece", "ecn-ip-ect"])],
    check: Some(check),
    ..Extension::matching("ecn")
};

/// The bits of the TCP header are there with TCP only.
fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let tcp = instance.protocol.number == protocol::TCP && !instance.protocol.negated;
    if !tcp && (instance.has("ecn-tcp-ece") || instance.has("ecn-tcp-cwr")) {
        return Err(SpecErrorKind::NeedsProtocol {
            extension: instance.title(),
            protocols: &[protocol::TCP],
        });
    }
    Ok(())
}
