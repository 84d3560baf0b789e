//! `-m connbytes`: how much a connection has carried.

use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{
    Argument, Custom, Keyword, NumberRange, Samples, Sink, SpecErrorKind, Spelling, Value,
};

pub(super) static CONNBYTES: Extension = Extension {
    options: &[
        OptionSpec::negatable("connbytes", Value::Custom(&RANGE)),
        OptionSpec::new("connbytes-mode", Value::Keyword(&MODE)),
        OptionSpec::new("connbytes-dir", Value::Keyword(&DIRECTION)),
    ],
    rules: &[Rule::AnyOf(&["connbytes"]), Rule::AnyOf(&["connbytes-dir"]), Rule::AnyOf(&["connbytes-mode"])],
    printing: Printing::Options(print),
    ..Extension::matching("connbytes")
};

static MODE: Keyword =
    Keyword { names: &["packets", "bytes", "avgpkt"], aliases: &[], spelling: Spelling::Exact };
static DIRECTION: Keyword =
    Keyword { names: &["original", "reply", "both"], aliases: &[], spelling: Spelling::Exact };

static RANGE: Custom = Custom {
    words: 1,
    read,
    samples: Samples::Either(&["0:1000", "1000", "1000:2000", "5:5", ":10", "10:"]),
};

/// The ends of the range; the upper one is missing where there is none.
fn ends(argument: &Argument<'_>) -> Result<(u64, u64), SpecErrorKind> {
    let (from, to) = NumberRange::up_to(u64::MAX).of(argument)?;
    let to = if argument.text().contains(':') { to } else { u64::MAX };
    if from > to {
        return Err(argument.bad("the range is upside down; put the smaller number first"));
    }
    Ok((from, to))
}

fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let (from, to) = ends(argument)?;
    out.push_number(from);
    if to > 0 && to < u64::MAX {
        out.push(':');
        out.push_number(to);
    }
    Ok(())
}

/// The kernel keeps a negated range upside down, so one of a single number loses its negation.
fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    if let Some(mut given) = instance.get("connbytes") {
        given.negated &= ends(&given.argument).is_ok_and(|(from, to)| from < to);
        given.push(out);
    }
    instance.push_listed_from("connbytes-mode", out);
}
