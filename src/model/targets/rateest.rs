//! `-j RATEEST`: estimates a rate.

use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Text, Value, number};

pub(super) static RATEEST: Extension = Extension {
    options: &[
        OptionSpec::new("rateest-name", Value::Text(Text::BARE.cut(15))),
        OptionSpec::new("rateest-interval", Value::Custom(&TIME)),
        OptionSpec::new("rateest-ewmalog", Value::Custom(&TIME)),
    ],
    rules: &[
        Rule::AnyOf(&["rateest-name"]),
        Rule::AnyOf(&["rateest-interval"]),
        Rule::AnyOf(&["rateest-ewmalog"]),
    ],
    check: Some(check),
    printing: Printing::Options(print),
    ..Extension::target("RATEEST")
};

static TIME: Custom = Custom {
    words: 1,
    read: |argument, out| {
        push_time(time(argument)?, out);
        Ok(())
    },
    samples: Samples::Either(&["250ms", "500ms", "1s", "2sec", "0.5s", "800000us"]),
};

/// A second in the units that are counted.
const SECOND: u32 = 1_000_000;

/// Names of units, and how many millionths of a second they are.
const UNITS: [(&str, f64); 10] = [
    ("", 1.),
    ("s", 1e6),
    ("sec", 1e6),
    ("secs", 1e6),
    ("ms", 1e3),
    ("msec", 1e3),
    ("msecs", 1e3),
    ("us", 1.),
    ("usec", 1.),
    ("usecs", 1.),
];

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "iptables keeps the low 32 bits")]
fn time(argument: &Argument<'_>) -> Result<u32, SpecErrorKind> {
    let (amount, unit) = number::fraction(argument.text()).unzip();
    let named = |unit| UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
    let scale = unit.and_then(|unit: &str| named(unit)).map(|(_, scale)| *scale);
    match (amount, scale) {
        (Some(amount), Some(scale)) => Ok((amount * scale) as i64 as u32),
        _ => Err(argument.bad("give a time, as in `250ms` or `1s`")),
    }
}

fn push_time(time: u32, out: &mut Sink<'_>) {
    let amount = f64::from(time);
    if time >= SECOND {
        out.push_fmt(format_args!("{:.1}s", amount / 1e6));
    } else if time >= SECOND / 1000 {
        out.push_fmt(format_args!("{:.1}ms", amount / 1e3));
    } else {
        out.push_fmt(format_args!("{time}us"));
    }
}

/// The interval and the average as the kernel keeps them: powers of two.
fn kept(instance: &Instance<'_>) -> Option<(u32, u32)> {
    let value = |long: &str| instance.get(long).and_then(|given| time(&given.argument).ok());
    let (interval, average) = (value("rateest-interval")?, value("rateest-ewmalog")?);
    let exponent = (0..=5).find(|exponent| interval <= (1 << exponent) * (SECOND / 4))?;
    let log = (1..32).find(|log| f64::from(interval) / decay(*log) > f64::from(average))? - 1;
    let kept = (SECOND << exponent) / 4;
    // An average that is too great for its count would be printed as another; what was given says it.
    let printed = kept.checked_mul(1_u32.checked_shl(log)?).map_or((interval, average), |long| (kept, long));
    (1..31).contains(&log).then_some(printed)
}

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    if instance.get("rateest-name").is_some_and(|given| given.argument.first.is_empty()) {
        return Err(instance.refused("`--rateest-name` is empty; choose one"));
    }
    match kept(instance) {
        Some(_) => Ok(()),
        None => Err(instance.refused(
            "the interval is at most 8 seconds, and the average at least about twice as long; change them",
        )),
    }
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    instance.push_listed_until("rateest-interval", out);
    if let Some((interval, average)) = kept(instance) {
        out.push_str(" --rateest-interval ");
        push_time(interval, out);
        out.push_str(" --rateest-ewmalog ");
        push_time(average, out);
    }
}

/// How fast an average forgets whose weights halve `log` times: −ln(1 − 2^−log), by its series. A logarithm of the system's
/// would have every run load a library for it.
fn decay(log: u32) -> f64 {
    let part = 1. / f64::from(1_u32 << log);
    let mut power = 1.;
    (1..=60).fold(0., |sum, term| {
        power *= part;
        sum + power / f64::from(term)
    })
}
