//! `-m limit`: a rate that the rule lets through.

use crate::model::extension::{Extension, OptionSpec, Print};
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Value};

pub(super) static LIMIT: Extension = Extension {
    options: &[
        OptionSpec::new("limit", Value::Custom(&RATE)).print(Print::Always("3/hour")),
        OptionSpec::new("limit-burst", Value::Custom(&BURST)).print(Print::Unless("5")),
    ],
    ..Extension::matching("limit")
};

static RATE: Custom = Custom {
    words: 1,
    read: read_rate,
    samples: Samples::Either(&[
        "5/second",
        "1/minute",
        "3/hour",
        "1000/day",
        "10/s",
        "7/min",
        "10",
        "100/sec",
        "10000/second",
    ]),
};

static BURST: Custom =
    Custom { words: 1, read: read_burst, samples: Samples::Either(&["1", "5", "20", "10000"]) };

/// The kernel counts in units of 1/10000 of a second.
const SCALE: u32 = 10_000;

/// Units from the longest: seconds, and the name that is printed.
const UNITS: [(u32, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "min"), (1, "sec")];

fn read_rate(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let interval = interval(argument.text()).ok_or_else(|| {
        argument.bad(
            "give a number and a unit, as in `5/minute`: second, minute, hour or day, up to 10000/second",
        )
    })?;
    // The nft backend keeps a rate and a unit, and save computes the interval again from these.
    let (seconds, _) = unit(interval);
    let rate = (seconds * SCALE) / interval;
    let kept = SCALE * seconds / rate.max(1);
    let (seconds, name) = unit(kept.max(1));
    out.push_number((seconds * SCALE / kept.max(1)).into());
    out.push('/');
    out.push_str(name);
    Ok(())
}

/// The least time between two packets, in 1/10000 of a second.
fn interval(text: &str) -> Option<u32> {
    let seconds = match text.split_once('/') {
        None => 1,
        Some((_, "")) => return None,
        Some((_, unit)) => {
            let names = [("second", 1), ("minute", 60), ("hour", 3_600), ("day", 86_400)];
            let fits =
                |name: &str| name.get(..unit.len()).is_some_and(|head| head.eq_ignore_ascii_case(unit));
            names.into_iter().find(|(name, _)| fits(name))?.1
        }
    };
    // `atoi`: what stands behind the digits is passed over.
    let digits = text.trim_start().trim_start_matches('+');
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let number: u32 = digits.get(..length)?.parse().ok()?;
    (SCALE * seconds).checked_div(number).filter(|interval| *interval > 0)
}

/// The longest unit in which the rate still is a whole number, or nearly.
fn unit(interval: u32) -> (u32, &'static str) {
    let fits = |(seconds, _): &&(u32, &str)| {
        let whole = seconds * SCALE;
        interval <= whole && whole / interval >= whole % interval
    };
    let [day, rest @ ..] = &UNITS;
    *rest.iter().take_while(|unit| fits(unit)).last().unwrap_or(day)
}

fn read_burst(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let burst = crate::model::value::Number::new(0, 10_000).of(argument)?;
    // The kernel takes none for its default.
    out.push_number(if burst == 0 { 5 } else { burst });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_chosen_as_save_does() {
        assert_eq!(interval("1/minute"), Some(600_000));
        assert_eq!(interval("10001/second"), None);
        assert_eq!(interval("1/minutes"), None);
        assert_eq!(unit(600_000).1, "min");
        assert_eq!(unit(10_000).1, "sec");
    }
}
