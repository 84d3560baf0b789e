//! `-m rateest`: compares rates that `-j RATEEST` estimates.

use crate::model::extension::{Extension, Given, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{Argument, Custom, Number, Samples, Sink, SpecErrorKind, Text, Value, number};

const MODES: &[&str] = &["rateest-lt", "rateest-gt", "rateest-eq"];

pub(super) static RATEEST: Extension = Extension {
    options: &[
        OptionSpec::new("rateest-delta", Value::Nothing),
        OptionSpec::new("rateest1", NAME).aliases(&["rateest"]),
        OptionSpec::new("rateest2", NAME),
        OptionSpec::new("rateest-bps1", BITS),
        OptionSpec::new("rateest-pps1", PACKETS),
        OptionSpec::new("rateest-bps2", BITS).aliases(&["rateest-bps"]),
        OptionSpec::new("rateest-pps2", PACKETS).aliases(&["rateest-pps"]),
        OptionSpec::negatable("rateest-lt", Value::Nothing),
        OptionSpec::negatable("rateest-gt", Value::Nothing),
        OptionSpec::negatable("rateest-eq", Value::Nothing),
    ],
    rules: &[
        Rule::AnyOf(&["rateest1"]),
        Rule::AnyOf(MODES),
        Rule::AnyOf(&["rateest-bps1", "rateest-bps2", "rateest-pps1", "rateest-pps2"]),
    ],
    printing: Printing::Options(print),
    ..Extension::matching("rateest")
};

const NAME: Value = Value::Text(Text::BARE.cut(15));
const BITS: Value = Value::Optional(&BIT_RATE);
const PACKETS: Value = Value::Optional(&PACKET_RATE);

static BIT_RATE: Custom = Custom {
    words: 1,
    read: |argument, out| {
        push_bits(bits(argument)?, out);
        Ok(())
    },
    samples: Samples::Either(&["8bit", "1mbit", "100kbit", "10MBps", "5000"]),
};

static PACKET_RATE: Custom = Custom {
    words: 1,
    read: |argument, out| {
        out.push_number(Number::U32.of(argument)?);
        Ok(())
    },
    samples: Samples::Either(&["0", "5", "4000000000"]),
};

/// Units and how many bits they are.
static UNITS: [(&str, f64); 18] = [
    ("bit", 1.),
    ("Kibit", 1024.),
    ("kbit", 1000.),
    ("Mibit", 1024. * 1024.),
    ("mbit", 1e6),
    ("Gibit", 1024. * 1024. * 1024.),
    ("gbit", 1e9),
    ("Tibit", 1024. * 1024. * 1024. * 1024.),
    ("tbit", 1e12),
    ("Bps", 8.),
    ("KiBps", 8. * 1024.),
    ("KBps", 8e3),
    ("MiBps", 8. * 1024. * 1024.),
    ("MBps", 8e6),
    ("GiBps", 8. * 1024. * 1024. * 1024.),
    ("GBps", 8e9),
    ("TiBps", 8. * 1024. * 1024. * 1024. * 1024.),
    ("TBps", 8e12),
];

/// A rate in bytes a second.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "iptables keeps 32 bits of it")]
fn bits(argument: &Argument<'_>) -> Result<u32, SpecErrorKind> {
    let (amount, unit) = number::fraction(argument.text()).unzip();
    let named = |unit| UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
    let scale = match unit {
        Some("") => Some(1.),
        _ => unit.and_then(named).map(|(_, scale)| *scale),
    };
    match (amount, scale) {
        (Some(amount), Some(scale)) => Ok((amount * scale / 8.) as u32),
        _ => Err(argument.bad("give a rate, as in `100kbit`, `10mbit` or `1MBps`")),
    }
}

fn push_bits(rate: u32, out: &mut Sink<'_>) {
    let bits = f64::from(rate) * 8.;
    if bits >= 1e9 {
        out.push_fmt(format_args!("{:.0}Mbit", bits / 1e6));
    } else if bits >= 1e6 {
        out.push_fmt(format_args!("{:.0}Kbit", bits / 1e3));
    } else {
        out.push_fmt(format_args!("{bits:.0}bit"));
    }
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    let delta = instance.has("rateest-delta");
    let second = instance.get("rateest2");
    out.push_str(if delta { " --rateest-delta" } else { "" });
    if let Some(given) = instance.get("rateest1") {
        given.push_as(if second.is_some() { "rateest1" } else { "rateest" }, out);
    }
    let measures: [(&str, [&str; 2]); 2] =
        [("bps", ["rateest-bps1", "rateest-bps2"]), ("pps", ["rateest-pps1", "rateest-pps2"])];
    // iptables-save says how to compare once for each measure, and would refuse that itself.
    let mut compared = false;
    for (measure, longs) in measures {
        let [first, last] = longs.map(|long| instance.get(long));
        if first.is_none() && last.is_none() {
            continue;
        }
        if delta {
            out.push_fmt(format_args!(" --rateest-{measure}1 "));
            push_measure(measure, first.as_ref(), out);
        }
        if !compared {
            print_mode(instance, out);
            compared = true;
        }
        out.push_fmt(format_args!(" --rateest-{measure}{}", if delta { "2" } else { "" }));
        if delta || second.is_none() {
            out.push(' ');
            push_measure(measure, last.as_ref(), out);
        }
    }
    if let Some(given) = second {
        given.push(out);
    }
}

fn push_measure(measure: &str, given: Option<&Given<'_>>, out: &mut Sink<'_>) {
    let argument = given.filter(|given| given.has_value).map(|given| &given.argument);
    if measure == "bps" {
        push_bits(argument.and_then(|argument| bits(argument).ok()).unwrap_or(0), out);
    } else {
        let packets =
            argument.and_then(|argument| number::leading(argument.text())).map_or(0, |(packets, _)| packets);
        out.push_number(packets);
    }
}

fn print_mode(instance: &Instance<'_>, out: &mut Sink<'_>) {
    let is_mode = |given: &Given<'_>| MODES.contains(&given.option.long);
    let modes = || instance.own().filter_map(|used| instance.given(used)).filter(is_mode);
    // The last one counts; a `!` before any of them stays.
    if let Some(given) = modes().next_back() {
        Given { negated: modes().any(|given| given.negated), ..given }.push(out);
    }
}
