//! `-m hashlimit`: a rate for each address or port.
//!
//! Source: `libxt_hashlimit.c` of iptables 1.8.9, third revision.

use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{
    Argument, Custom, Flags, Number, Samples, Sink, SpecErrorKind, Spelling, Text, Value, host, number,
};

const RATES: &[&str] = &["hashlimit-upto", "hashlimit-above"];

pub(super) static HASHLIMIT: Extension = Extension {
    options: &[
        OptionSpec::negatable("hashlimit-upto", RATE).aliases(&["hashlimit"]),
        OptionSpec::negatable("hashlimit-above", RATE),
        OptionSpec::new("hashlimit-burst", Value::Custom(&BURST)),
        OptionSpec::new("hashlimit-mode", Value::Custom(&MODE)),
        OptionSpec::new("hashlimit-name", Value::Text(Text::BARE.at_least(1).cut(254))),
        OptionSpec::new("hashlimit-htable-size", SIZE),
        OptionSpec::new("hashlimit-htable-max", SIZE),
        OptionSpec::new("hashlimit-htable-gcinterval", COUNT),
        OptionSpec::new("hashlimit-htable-expire", COUNT),
        OptionSpec::new("hashlimit-srcmask", Value::Prefix),
        OptionSpec::new("hashlimit-dstmask", Value::Prefix),
        OptionSpec::new("hashlimit-rate-match", Value::Nothing),
        OptionSpec::new("hashlimit-rate-interval", Value::Custom(&INTERVAL)),
    ],
    rules: &[Rule::AnyOf(RATES), Rule::OneOf(RATES), Rule::AnyOf(&["hashlimit-name"])],
    check: Some(check),
    printing: Printing::Options(print),
    ..Extension::matching("hashlimit")
};

const RATE: Value = Value::Custom(&RATES_VALUE);
const COUNT: Value = Value::Number(Number::U32);
const SIZE: Value = Value::Custom(&SIZE_VALUE);

/// The largest table; the kernel brings a greater number down to it.
const SIZE_LIMIT: u64 = 1_048_576;

static SIZE_VALUE: Custom = Custom {
    words: 1,
    read: |argument, out| {
        out.push_number(Number::U32.of(argument)?.min(SIZE_LIMIT));
        Ok(())
    },
    samples: Samples::Either(&["0", "1024", "1048577"]),
};

static RATES_VALUE: Custom = Custom {
    words: 1,
    read: |argument, out| {
        push_rate(rate(argument)?, out);
        Ok(())
    },
    samples: Samples::Either(&[
        "5/sec",
        "10/minute",
        "100/hour",
        "1000/day",
        "7",
        "40mb/s",
        "512kb/s",
        "100b/s",
        "1000000/sec",
    ]),
};

static BURST: Custom = Custom {
    words: 1,
    read: |argument, out| {
        out.push_number(burst(argument)?);
        Ok(())
    },
    samples: Samples::Either(&["1", "5", "20", "1000000"]),
};

static MODE: Custom = Custom {
    words: 1,
    read: read_mode,
    samples: Samples::Either(&["srcip", "dstip,dstport", "srcip,srcport,dstip,dstport"]),
};

static INTERVAL: Custom =
    Custom { words: 1, read: read_interval, samples: Samples::Either(&["1", "10", "60"]) };

static MODES: Flags = Flags {
    names: &[("srcip", 1), ("srcport", 1 << 1), ("dstip", 1 << 2), ("dstport", 1 << 3)],
    aliases: &[],
    spelling: Spelling::Exact,
    none: "",
    lenient: true,
};

/// The kernel counts packets in units of a millionth of a second.
const SCALE: u64 = 1_000_000;

/// Bytes are counted in units of 16.
const BYTE_SHIFT: u32 = 4;

/// The most packets of a burst.
const BURST_LIMIT: u64 = 1_000_000;

/// The burst where none is given.
const DEFAULT_BURST: u64 = 5;

/// A rate as the kernel keeps it.
#[derive(Clone, Copy)]
enum Rate {
    /// The least time between two packets, and the seconds of the unit that was named.
    Packets { interval: u64, unit: u64 },
    /// The cost of 16 bytes.
    Bytes { cost: u64 },
}

fn rate(argument: &Argument<'_>) -> Result<Rate, SpecErrorKind> {
    let text = argument.text();
    bytes(text).or_else(|| packets(text)).ok_or_else(|| {
        argument.bad("give a number and a unit, as in `5/second` (minute, hour, day) or `512kb/s` (b, kb, mb), not too fast")
    })
}

fn bytes(text: &str) -> Option<Rate> {
    let at = text.find("b/s").filter(|at| *at > 0)?;
    let factor = factor(text.get(..at)?.chars().next_back()?);
    let amount = leading_number(text).filter(|amount| *amount > 0)?.checked_mul(factor)?;
    let cost = cost_of(amount);
    (cost > 0).then_some(Rate::Bytes { cost })
}

fn packets(text: &str) -> Option<Rate> {
    let unit = match text.split_once('/') {
        None => 1,
        Some((_, "")) => return None,
        Some((_, unit)) => {
            let names = [("second", 1), ("minute", 60), ("hour", 3_600), ("day", 86_400)];
            let fits =
                |name: &str| name.get(..unit.len()).is_some_and(|head| head.eq_ignore_ascii_case(unit));
            names.into_iter().find(|(name, _)| fits(name))?.1
        }
    };
    let interval = (SCALE * unit).checked_div(leading_number(text)?).filter(|interval| *interval > 0)?;
    Some(Rate::Packets { interval, unit })
}

/// `atoll`: what stands behind the digits is passed over.
fn leading_number(text: &str) -> Option<u64> {
    let digits = text.trim_start().trim_start_matches('+');
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    digits.get(..length)?.parse().ok()
}

const fn factor(unit: char) -> u64 {
    match unit {
        'm' => 1024 * 1024,
        'k' => 1024,
        _ => 1,
    }
}

/// What 16 bytes cost at `amount` bytes a second.
#[expect(clippy::cast_possible_truncation, reason = "iptables counts in 32 bits here")]
const fn cost_of(amount: u64) -> u64 {
    let units = (amount >> BYTE_SHIFT) as u32;
    (u32::MAX / units.wrapping_add(1).wrapping_add((units == u32::MAX) as u32)) as u64
}

/// The bytes a second that a cost stands for.
const fn amount_of(cost: u64) -> u64 {
    let units = match (u32::MAX as u64).checked_div(cost) {
        Some(units) => units,
        None => u32::MAX as u64,
    };
    units.saturating_sub(1) << BYTE_SHIFT
}

fn burst(argument: &Argument<'_>) -> Result<u64, SpecErrorKind> {
    let parts = number::leading(argument.text())
        .filter(|(value, rest)| *value >= 1 && (!rest.is_empty() || *value <= BURST_LIMIT));
    let value = parts.and_then(|(value, rest)| value.checked_mul(rest.chars().next().map_or(1, factor)));
    value.ok_or_else(|| {
        argument.bad("give a number from 1 to 1000000, or bytes as `512kb` with a rate in bytes")
    })
}

fn read_mode(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    MODES.push(modes(argument)?, out);
    Ok(())
}

fn modes(argument: &Argument<'_>) -> Result<u32, SpecErrorKind> {
    MODES.bits(&argument.text().replace('|', ","), argument)
}

fn read_interval(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    out.push_number(interval(argument)?);
    Ok(())
}

fn interval(argument: &Argument<'_>) -> Result<u64, SpecErrorKind> {
    let seconds = leading_number(argument.text()).filter(|seconds| (1..=i32::MAX as u64).contains(seconds));
    seconds.ok_or_else(|| argument.bad("give a number of seconds"))
}

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let name = instance.get("hashlimit-name").map(|given| given.argument.first).unwrap_or_default();
    if name == "." || name == ".." || name.contains('/') {
        return Err(instance.refused("`--hashlimit-name` must be a file's name; choose one without `/`"));
    }
    for long in ["hashlimit-srcmask", "hashlimit-dstmask"] {
        if instance.get(long).is_some_and(|given| !is_prefix(&given.argument)) {
            return Err(instance.refused("a mask must be ones before zeros; give the length of a prefix"));
        }
    }
    for long in ["hashlimit-htable-gcinterval", "hashlimit-htable-expire"] {
        if instance.get(long).is_some_and(|given| given.value() == "0") {
            return Err(instance.refused("an interval of 0 milliseconds is none; give more"));
        }
    }
    let Some(given) = RATES.iter().find_map(|long| instance.get(long)) else { return Ok(()) };
    let burst = instance.get("hashlimit-burst").map(|given| burst(&given.argument)).transpose()?;
    match rate(&given.argument)? {
        Rate::Bytes { cost } if burst.is_some() && amount_of(cost) == 0 => {
            Err(instance.refused("less than 16 bytes a second cannot have a burst; raise the rate"))
        }
        Rate::Bytes { cost } if burst.is_some_and(|burst| burst < amount_of(cost)) => {
            Err(instance.refused("the burst is less than the rate lets through in a second; raise it"))
        }
        Rate::Packets { .. } if burst.is_some_and(|burst| burst > BURST_LIMIT) => {
            Err(instance.refused("a burst of bytes needs a rate in bytes; write `--hashlimit-upto 512kb/s`"))
        }
        Rate::Packets { interval, .. } if !instance.has("hashlimit-rate-match") => {
            let burst = burst.unwrap_or(DEFAULT_BURST);
            if credits(interval.wrapping_mul(burst)) < credits(interval) {
                return Err(instance.refused(
                    "so slow a rate with so great a burst overflows the kernel's count; lower the burst",
                ));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Whether a mask is the mask of a prefix.
fn is_prefix(argument: &Argument<'_>) -> bool {
    let text = argument.text();
    number::whole(text, 0, host::width(argument.family).into()).is_some()
        || host::lookup(text, argument.family).is_ok_and(|mask| host::is_prefix(mask, argument.family))
}

/// What a packet costs, as the kernel counts it; the count wraps around.
const fn credits(interval: u64) -> u64 {
    const PER_MILLIONTH: u64 = 137_438_953;
    interval.wrapping_mul(PER_MILLIONTH)
}

/// Units from the longest: seconds, and the name that is printed.
const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "min"), (1, "sec")];

/// The longest unit in which the rate still is a whole number, or nearly.
fn unit(interval: u64) -> (u64, &'static str) {
    let fits = |(seconds, _): &&(u64, &str)| {
        let whole = seconds * SCALE;
        interval <= whole && whole / interval >= whole % interval
    };
    let [day, rest @ ..] = &UNITS;
    *rest.iter().take_while(|unit| fits(unit)).last().unwrap_or(day)
}

/// Appends the rate, and returns the expiry in milliseconds that goes with it.
fn push_rate(rate: Rate, out: &mut Sink<'_>) -> u64 {
    match rate {
        Rate::Packets { interval, .. } => {
            let (seconds, name) = unit(interval);
            out.push_number(seconds * SCALE / interval.max(1));
            out.push('/');
            out.push_str(name);
            seconds * 1000
        }
        Rate::Bytes { cost } => {
            push_bytes(amount_of(cost), |amount, size| cost_of(amount & !(size - 1)) == cost, out);
            out.push_str("/s");
            15_000
        }
    }
}

/// Appends an amount in the greatest unit that `fits`.
fn push_bytes(amount: u64, fits: impl Fn(u64, u64) -> bool, out: &mut Sink<'_>) {
    let units = [(1024 * 1024, "m"), (1024, "k")];
    let (size, name) =
        units.into_iter().find(|(size, _)| amount >= *size && fits(amount, *size)).unwrap_or((1, ""));
    // What is less than is counted reads as none at all, which would not be taken again.
    out.push_number((amount / size).max(1));
    out.push_str(name);
    out.push('b');
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    let Some(given) = RATES.iter().find_map(|long| instance.get(long)) else { return };
    let Ok(mut rate) = rate(&given.argument) else { return };
    let matched = instance.has("hashlimit-rate-match");
    let mut expiry = 0;
    if let Rate::Packets { interval, unit } = &mut rate {
        expiry = *unit * 1000;
        if matched {
            *interval /= *unit;
        }
    }
    let above = (given.option.long == "hashlimit-above") != given.negated;
    out.push_str(if above { " --hashlimit-above " } else { " --hashlimit-upto " });
    let mut implied = push_rate(rate, out);
    let burst = instance.get("hashlimit-burst").and_then(|given| burst(&given.argument).ok());
    match rate {
        Rate::Packets { .. } => {
            out.push_fmt(format_args!(" --hashlimit-burst {}", burst.unwrap_or(DEFAULT_BURST)));
        }
        Rate::Bytes { cost } => {
            expiry = 15_000;
            if let Some(burst) = burst {
                let amount = amount_of(cost);
                out.push_str(" --hashlimit-burst ");
                push_bytes(amount * burst.div_ceil(amount.max(1)), |_, _| true, out);
                (implied, expiry) = (60_000, 60_000);
            }
        }
    }
    print_table(instance, implied, expiry, out);
    if matched {
        let default = if let Rate::Packets { .. } = rate { expiry / 1000 } else { 1 };
        let seconds =
            instance.get("hashlimit-rate-interval").and_then(|given| interval(&given.argument).ok());
        out.push_str(" --hashlimit-rate-match");
        match seconds.unwrap_or(default) {
            1 => {}
            seconds => out.push_fmt(format_args!(" --hashlimit-rate-interval {seconds}")),
        }
    }
}

/// What the table of addresses is like: each option where it is not the default.
fn print_table(instance: &Instance<'_>, implied: u64, expiry: u64, out: &mut Sink<'_>) {
    if let Some(given) =
        instance.get("hashlimit-mode").filter(|given| modes(&given.argument).is_ok_and(|modes| modes != 0))
    {
        given.push(out);
    }
    if let Some(given) = instance.get("hashlimit-name") {
        given.push(out);
    }
    let width = crate::model::value::host::width(instance.family).to_string();
    let defaults = [
        ("hashlimit-htable-size", "0"),
        ("hashlimit-htable-max", "0"),
        ("hashlimit-htable-gcinterval", "1000"),
        ("hashlimit-htable-expire", ""),
        ("hashlimit-srcmask", &width),
        ("hashlimit-dstmask", &width),
    ];
    for (long, default) in defaults {
        let given = instance.get(long).map(|given| given.value());
        let value = match (given, long) {
            (Some(value), _) => value,
            (None, "hashlimit-htable-expire") => expiry.to_string(),
            (None, _) => continue,
        };
        let omitted = if default.is_empty() { value == implied.to_string() } else { value == default };
        if !omitted {
            out.push_fmt(format_args!(" --{long} {value}"));
        }
    }
}
