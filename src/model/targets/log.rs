//! `-j LOG`: the kernel's log.

use crate::model::extension::{Extension, OptionSpec, Print};
use crate::model::value::{Argument, Custom, Samples, Sink, SpecErrorKind, Text, Value, number};

/// The most bytes of a prefix that the kernel keeps.
const PREFIX_LIMIT: usize = 29;

pub(super) static LOG: Extension = Extension {
    options: &[
        OptionSpec::new("log-prefix", Value::Text(Text::QUOTED.at_least(1).cut(PREFIX_LIMIT))),
        OptionSpec::new("log-level", Value::Custom(&LEVEL)).print(Print::Unless("4")),
        OptionSpec::new("log-tcp-sequence", Value::Nothing),
        OptionSpec::new("log-tcp-options", Value::Nothing),
        OptionSpec::new("log-ip-options", Value::Nothing),
        OptionSpec::new("log-uid", Value::Nothing),
        OptionSpec::new("log-macdecode", Value::Nothing),
    ],
    ..Extension::target("LOG")
};

static LEVEL: Custom = Custom {
    words: 1,
    read: read_level,
    samples: Samples::Either(&["0", "7", "debug", "warning", "info", "panic", "crit"]),
};

static LEVELS: [(&str, u64); 9] = [
    ("alert", 1),
    ("crit", 2),
    ("debug", 7),
    ("emerg", 0),
    ("error", 3),
    ("info", 6),
    ("notice", 5),
    ("panic", 0),
    ("warning", 4),
];

fn read_level(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let word = argument.text();
    let named = || LEVELS.iter().find(|(name, _)| *name == word).map(|(_, level)| *level);
    let level = number::whole(word, 0, 7).or_else(named).ok_or_else(|| {
        argument
            .bad("give a number from 0 to 7, or emerg, alert, crit, error, warning, notice, info or debug")
    })?;
    out.push_number(level);
    Ok(())
}
