//! `-j NFQUEUE`: the packet to a program that decides.

use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{Argument, Custom, Number, NumberRange, Samples, Sink, SpecErrorKind, Value};

pub(super) static NFQUEUE: Extension = Extension {
    options: &[
        OptionSpec::new("queue-num", Value::Number(Number::U16)),
        OptionSpec::new("queue-balance", Value::Custom(&BALANCE)),
        OptionSpec::new("queue-bypass", Value::Nothing),
        OptionSpec::new("queue-cpu-fanout", Value::Nothing),
    ],
    rules: &[Rule::OneOf(&["queue-num", "queue-balance"]), Rule::Needs("queue-cpu-fanout", "queue-balance")],
    printing: Printing::Options(print),
    ..Extension::target("NFQUEUE")
};

static BALANCE: Custom =
    Custom { words: 1, read: read_balance, samples: Samples::Either(&["0:3", "4:7", "1:65535"]) };

fn read_balance(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let (from, to) = NumberRange::up_to(65_535).of(argument)?;
    if !argument.text().contains(':') || from >= to || to - from == 65_535 {
        return Err(argument
            .bad("give a range of queues `from:to`, the smaller number first, 65535 queues at the most"));
    }
    out.push_number(from);
    out.push(':');
    out.push_number(to);
    Ok(())
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    if !instance.has("queue-num") && !instance.has("queue-balance") {
        out.push_str(" --queue-num 0");
    }
    instance.push_listed(out);
}
