//! `-j ECN`: takes explicit congestion notification out of a connection.

use crate::model::extension::{Extension, Families, Instance, OptionSpec, Printing, Rule, TableSet};
use crate::model::names::TableName;
use crate::model::value::{Sink, SpecErrorKind, Value, protocol};

pub(super) static ECN: Extension = Extension {
    families: Families::Ipv4,
    tables: TableSet::of(&[TableName::Mangle]),
    options: &[
        OptionSpec::new("ecn-tcp-remove", Value::Nothing),
        OptionSpec::new("ecn-tcp-ece", Value::number(0, 1)),
        OptionSpec::new("ecn-tcp-cwr", Value::number(0, 1)),
        OptionSpec::new("ecn-ip-ect", Value::number(0, 3)),
    ],
    rules: &[
        Rule::AnyOf(&["ecn-tcp-remove", "ecn-tcp-ece", "ecn-tcp-cwr", "ecn-ip-ect"]),
        Rule::OneOf(&["ecn-tcp-remove", "ecn-tcp-ece"]),
        Rule::OneOf(&["ecn-tcp-remove", "ecn-tcp-cwr"]),
    ],
    check: Some(check),
    printing: Printing::Options(print),
    ..Extension::target("ECN")
};

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let tcp = instance.protocol.number == protocol::TCP && !instance.protocol.negated;
    let bits = ["ecn-tcp-remove", "ecn-tcp-ece", "ecn-tcp-cwr"];
    if !tcp && bits.iter().any(|long| instance.has(long)) {
        return Err(SpecErrorKind::NeedsProtocol {
            extension: instance.title(),
            protocols: &[protocol::TCP],
        });
    }
    Ok(())
}

/// Both bits cleared and nothing else is what `--ecn-tcp-remove` says.
fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    let remove = instance.has("ecn-tcp-remove");
    let value = |long: &str| {
        if remove { Some("0".to_owned()) } else { instance.get(long).map(|given| given.value()) }
    };
    let (ece, cwr, ect) = (value("ecn-tcp-ece"), value("ecn-tcp-cwr"), instance.get("ecn-ip-ect"));
    if ect.is_none() && ece.as_deref() == Some("0") && cwr.as_deref() == Some("0") {
        out.push_str(" --ecn-tcp-remove");
        return;
    }
    for (long, value) in [("ecn-tcp-ece", ece), ("ecn-tcp-cwr", cwr)] {
        if let Some(value) = value {
            out.push_fmt(format_args!(" --{long} {value}"));
        }
    }
    if let Some(given) = ect {
        given.push(out);
    }
}
