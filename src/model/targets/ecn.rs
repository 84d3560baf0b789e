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

/// What the options amount to; `--ecn-tcp-remove` overwrites what came before it.
fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    let (mut ece, mut cwr, mut ect) = (None, None, None);
    for given in instance.own().filter_map(|used| instance.given(used)) {
        match given.option.long {
            "ecn-tcp-remove" => (ece, cwr, ect) = (Some("0".to_owned()), Some("0".to_owned()), None),
            "ecn-tcp-ece" => ece = Some(given.value()),
            "ecn-tcp-cwr" => cwr = Some(given.value()),
            _ => ect = Some(given.value()),
        }
    }
    if ect.is_none() && ece.as_deref() == Some("0") && cwr.as_deref() == Some("0") {
        out.push_str(" --ecn-tcp-remove");
        return;
    }
    for (long, value) in [("ecn-tcp-ece", ece), ("ecn-tcp-cwr", cwr), ("ecn-ip-ect", ect)] {
        if let Some(value) = value {
            out.push_fmt(format_args!(" --{long} {value}"));
        }
    }
}
