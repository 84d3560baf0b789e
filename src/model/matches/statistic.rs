//! `-m statistic`: a share of the packets.

use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{
    Argument, Custom, Keyword, Number, Samples, Sink, SpecErrorKind, Spelling, Value, number,
};

pub(super) static STATISTIC: Extension = Extension {
    options: &[
        OptionSpec::new("mode", Value::Keyword(&MODE)),
        OptionSpec::negatable("probability", Value::Custom(&PROBABILITY)),
        OptionSpec::negatable("every", EVERY),
        OptionSpec::new("packet", Value::Number(Number::U32)),
    ],
    rules: &[
        Rule::AnyOf(&["mode"]),
        Rule::OneOf(&["probability", "every"]),
        Rule::OneOf(&["probability", "packet"]),
        Rule::Needs("every", "packet"),
        Rule::Needs("packet", "every"),
    ],
    check: Some(check),
    printing: Printing::Options(print),
    ..Extension::matching("statistic")
};

const EVERY: Value = Value::number(1, u32::MAX as u64);

static MODE: Keyword = Keyword { names: &["random", "nth"], aliases: &[], spelling: Spelling::Exact };

static PROBABILITY: Custom = Custom {
    words: 1,
    read: read_probability,
    samples: Samples::Either(&["0", "0.25", "0.5", "1", "0.333333"]),
};

/// A probability of one, as the kernel counts it.
const ONE: f64 = 2_147_483_648.0;

fn read_probability(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let number =
        argument.text().trim_start().parse::<f64>().ok().filter(|number| (0.0..=1.0).contains(number));
    let number = number.ok_or_else(|| argument.bad("give a number from 0 to 1, as in `0.25`"))?;
    let kept = (number * ONE).round() / ONE;
    out.push_fmt(format_args!("{kept:.11}"));
    Ok(())
}

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let needs =
        |needed: &str| SpecErrorKind::NeedsOption { option: "--mode".to_owned(), needed: needed.to_owned() };
    let mode = instance.get("mode").map(|given| given.argument.first).unwrap_or_default();
    match mode.as_ref() {
        "random" if !instance.has("probability") => Err(needs("--probability")),
        "nth" if !instance.has("every") => Err(needs("--every")),
        "nth" => {
            let value = |long: &str| {
                instance.get(long).and_then(|given| number::leading(given.argument.text()).map(|of| of.0))
            };
            match (value("every"), value("packet")) {
                (Some(every), Some(packet)) if packet >= every => {
                    Err(instance
                        .refused("`--packet` counts from 0 and must be less than `--every`; lower it"))
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    for long in ["mode", "probability", "every", "packet"] {
        if let Some(given) = instance.get(long) {
            given.push(out);
        }
    }
}
