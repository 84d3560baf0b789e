//! `-m time`: when the packet arrives.

use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Value, number};

pub(super) static TIME: Extension = Extension {
    options: &[
        OptionSpec::new("timestart", Value::Custom(&CLOCK)),
        OptionSpec::new("timestop", Value::Custom(&CLOCK)),
        OptionSpec::negatable("monthdays", Value::Custom(&MONTHDAYS)),
        OptionSpec::negatable("weekdays", Value::Custom(&WEEKDAYS)),
        OptionSpec::new("datestart", Value::Custom(&DATE)),
        OptionSpec::new("datestop", Value::Custom(&DATE)),
        OptionSpec::new("kerneltz", Value::Nothing),
        OptionSpec::new("localtz", Value::Nothing),
        OptionSpec::new("utc", Value::Nothing),
        OptionSpec::new("contiguous", Value::Nothing),
    ],
    rules: &[Rule::OneOf(&["utc", "localtz"]), Rule::OneOf(&["utc", "kerneltz"])],
    check: Some(check),
    printing: Printing::Options(print),
    ..Extension::matching("time")
};

static CLOCK: Custom = Custom {
    words: 1,
    read: |argument, out| {
        push_clock(clock(argument)?, out);
        Ok(())
    },
    samples: Samples::Either(&["01:02:03", "8:30", "00:00", "23:59:59"]),
};

static DATE: Custom = Custom {
    words: 1,
    read: |argument, out| {
        push_date(date(argument)?, out);
        Ok(())
    },
    samples: Samples::Either(&[
        "2020",
        "2024-02-29",
        "2030-12-31T23:59:59",
        "2021-06",
        "1970-01-01T00:00:01",
    ]),
};

static MONTHDAYS: Custom = Custom {
    words: 1,
    read: |argument, out| {
        push_monthdays(monthdays(argument)?, out);
        Ok(())
    },
    samples: Samples::Either(&["1,15,31", "22", "5,4,3"]),
};

static WEEKDAYS: Custom = Custom {
    words: 1,
    read: |argument, out| {
        push_weekdays(weekdays(argument)?, out);
        Ok(())
    },
    samples: Samples::Either(&["Mon,Tue", "1,2,3", "Sat,Sun", "Friday", "Mo,We"]),
};

const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// All days from 1 on.
const ALL_MONTHDAYS: u32 = !1;
const ALL_WEEKDAYS: u32 = 0xfe;

/// The last second of a day.
const LAST_SECOND: u32 = 86_399;

/// The end that stands for none, which save prints all the same.
const LAST_DATE: i64 = i32::MAX as i64;

/// `hh:mm[:ss]` as seconds.
fn clock(argument: &Argument<'_>) -> Result<u32, SpecErrorKind> {
    let mut parts = argument.text().split(':');
    let mut next = |limit| parts.next().and_then(decimal).filter(|number| *number <= limit);
    let (hour, minute) = (next(23), next(59));
    let second = if argument.text().matches(':').count() > 1 { next(59) } else { Some(0) };
    match (hour, minute, second, parts.next()) {
        (Some(hour), Some(minute), Some(second), None) => Ok(hour * 3600 + minute * 60 + second),
        _ => Err(argument.bad("give a time of day, as in `08:30` or `08:30:00`")),
    }
}

/// A decimal number; `strtoul` takes none at all for 0.
fn decimal(text: &str) -> Option<u32> {
    if text.is_empty() { Some(0) } else { text.parse().ok() }
}

/// `YYYY[-MM[-DD[Thh[:mm[:ss]]]]]` as seconds since 1970.
fn date(argument: &Argument<'_>) -> Result<i64, SpecErrorKind> {
    let bad = || argument.bad("give a date from 1970 to 2038, as in `2030-12-31` or `2030-12-31T23:59:59`");
    let [year, month, day, hour, minute, second] = date_parts(argument.text()).ok_or_else(bad)?;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    if seconds < 0 { Err(bad()) } else { Ok(seconds) }
}

fn date_parts(text: &str) -> Option<[i64; 6]> {
    let mut parts = [1970, 1, 1, 0, 0, 0];
    let rules = [('-', 2038), ('-', 12), ('T', 31), (':', 23), (':', 59), ('\0', 59)];
    let mut rest = text;
    for (part, (delimiter, limit)) in parts.iter_mut().zip(rules) {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        *part = i64::from(decimal(rest.get(..length)?)?);
        if *part > limit {
            return None;
        }
        rest = rest.get(length..)?;
        if rest.is_empty() {
            let [year, ..] = parts;
            return (year >= 1970).then_some(parts);
        }
        rest = rest.strip_prefix(delimiter)?;
    }
    None
}

/// The days from 1970 to a date of the Gregorian calendar; a month of 0 and a day beyond the month's end run over.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month < 1 { (year - 1, month + 12) } else { (year, month) };
    let shifted = if month > 2 { year } else { year - 1 };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The year, month and day of a number of days since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let part = (5 * day_of_year + 2) / 153;
    let month = if part < 10 { part + 3 } else { part - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * part + 2) / 5 + 1)
}

/// The parts of a list, of which iptables keeps so many characters; behind a last comma there is none.
fn parts(list: &str, kept: usize) -> impl Iterator<Item = &str> {
    let parts = (!list.is_empty()).then(|| list.strip_suffix(',').unwrap_or(list).split(','));
    parts.into_iter().flatten().map(move |part| part.get(..kept).unwrap_or(part))
}

/// The number that is all of `text`, as `strtoul` has it: none is 0, and one below 0 a great one.
fn strtoul(text: &str) -> Option<u64> {
    if text.is_empty() {
        return Some(0);
    }
    let below = || number::whole(text.strip_prefix('-')?, 0, u64::MAX).map(u64::wrapping_neg);
    number::whole(text, 0, u64::MAX).or_else(below)
}

fn monthdays(argument: &Argument<'_>) -> Result<u32, SpecErrorKind> {
    let mut days = 0;
    for day in parts(argument.text(), 2) {
        let number = strtoul(day).filter(|number| *number <= 31);
        days |= 1 << number.ok_or_else(|| argument.bad("give days from 1 to 31, with commas"))?;
    }
    Ok(days & ALL_MONTHDAYS)
}

fn weekdays(argument: &Argument<'_>) -> Result<u32, SpecErrorKind> {
    let mut days = 0;
    for day in parts(argument.text(), 3) {
        let named = || {
            let head = day.get(..2)?;
            (1..).zip(NAMES).find(|(_, name)| name.starts_with(head)).map(|(number, _)| number)
        };
        let number = match strtoul(day) {
            Some(0) => None,
            Some(number) => Some(number),
            None => named(),
        };
        // A number beyond the week takes no effect, or that of its last five bits.
        days |= 1
            << (number.ok_or_else(|| {
                argument.bad("give days as Mon, Tue, Wed, Thu, Fri, Sat, Sun, or 1 for Monday to 7")
            })? & 31);
    }
    Ok(days & ALL_WEEKDAYS)
}

fn push_clock(seconds: u32, out: &mut Sink<'_>) {
    out.push_fmt(format_args!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
}

fn push_date(seconds: i64, out: &mut Sink<'_>) {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let clock = seconds.rem_euclid(86_400);
    out.push_fmt(format_args!("{year:04}-{month:02}-{day:02}T"));
    push_clock(u32::try_from(clock).unwrap_or(0), out);
}

fn push_monthdays(days: u32, out: &mut Sink<'_>) {
    push_list((1..=31).filter(|day| days & (1 << day) != 0), |day, out| out.push_number(day), out);
}

fn push_weekdays(days: u32, out: &mut Sink<'_>) {
    let chosen = (1..).zip(NAMES).filter(|(number, _)| days & (1 << number) != 0);
    push_list(chosen.map(|(_, name)| name), |name, out| out.push_str(name), out);
}

fn push_list<T>(items: impl Iterator<Item = T>, push: impl Fn(T, &mut Sink<'_>), out: &mut Sink<'_>) {
    let mut empty = true;
    for item in items {
        if !empty {
            out.push(',');
        }
        push(item, out);
        empty = false;
    }
    if empty {
        // iptables-save prints nothing at all here, and would not read it back.
        out.push_str("\"\"");
    }
}

/// The times of day from and to which the rule holds.
fn clocks(instance: &Instance<'_>) -> (u32, u32) {
    let of = |long: &str, absent| {
        instance.get(long).and_then(|given| clock(&given.argument).ok()).unwrap_or(absent)
    };
    (of("timestart", 0), of("timestop", LAST_SECOND))
}

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let (start, stop) = clocks(instance);
    if instance.has("contiguous") && start < stop {
        return Err(
            instance.refused("`--contiguous` means a night: the stop must be before the start; leave it out")
        );
    }
    Ok(())
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    let (start, stop) = clocks(instance);
    if (start, stop) != (0, LAST_SECOND) {
        out.push_str(" --timestart ");
        push_clock(start, out);
        out.push_str(" --timestop ");
        push_clock(stop, out);
    }
    print_days(instance, "monthdays", monthdays, ALL_MONTHDAYS, push_monthdays, out);
    print_days(instance, "weekdays", weekdays, ALL_WEEKDAYS, push_weekdays, out);
    for (long, absent) in [("datestart", 0), ("datestop", LAST_DATE)] {
        let seconds = instance.get(long).and_then(|given| date(&given.argument).ok()).unwrap_or(absent);
        // iptables-save leaves an end out that is the first second of all, which would be none when read back.
        if seconds != 0 || long == "datestop" {
            out.push_fmt(format_args!(" --{long} "));
            push_date(seconds, out);
        }
    }
    if instance.has("kerneltz") || instance.has("localtz") {
        out.push_str(" --kerneltz");
    }
    if instance.has("contiguous") {
        out.push_str(" --contiguous");
    }
}

/// Days that are negated are printed as the days that are left.
fn print_days(
    instance: &Instance<'_>,
    long: &str,
    read: fn(&Argument<'_>) -> Result<u32, SpecErrorKind>,
    all: u32,
    push: fn(u32, &mut Sink<'_>),
    out: &mut Sink<'_>,
) {
    let Some(given) = instance.get(long) else { return };
    let Ok(days) = read(&given.argument) else { return };
    let days = if given.negated { days ^ all } else { days };
    if days != all {
        out.push_fmt(format_args!(" --{long} "));
        push(days, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_back() {
        for days in [0, 59, 60, 365, 11_016, 18_321, 24_855] {
            let (year, month, day) = civil(days);
            assert_eq!(days_since_1970(year, month, day), days, "{year}-{month}-{day}");
        }
        assert_eq!(civil(days_since_1970(2023, 2, 31)), (2023, 3, 3));
    }
}
