//! `-j HMARK`: a mark from a hash of addresses and ports.

use crate::model::Family;
use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{Flags, Number, Sink, SpecErrorKind, Spelling, Value};

pub(super) static HMARK: Extension = Extension {
    options: &[
        OptionSpec::new("hmark-src-prefix", Value::Prefix),
        OptionSpec::new("hmark-dst-prefix", Value::Prefix),
        OptionSpec::new("hmark-sport-mask", PORT),
        OptionSpec::new("hmark-dport-mask", PORT),
        OptionSpec::new("hmark-spi-mask", WORD),
        OptionSpec::new("hmark-sport", PORT),
        OptionSpec::new("hmark-dport", PORT),
        OptionSpec::new("hmark-spi", WORD),
        OptionSpec::new("hmark-proto-mask", Value::Number(Number::U16.padded(2))),
        OptionSpec::new("hmark-rnd", WORD),
        OptionSpec::new("hmark-mod", Value::number(1, u32::MAX as u64)),
        OptionSpec::new("hmark-offset", Value::Number(Number::U32)),
        OptionSpec::new("hmark-tuple", Value::Flags(&TUPLE)),
    ],
    rules: &[
        Rule::AnyOf(&["hmark-mod"]),
        Rule::AnyOf(&["hmark-rnd"]),
        Rule::AnyOf(&[
            "hmark-tuple",
            "hmark-src-prefix",
            "hmark-dst-prefix",
            "hmark-sport-mask",
            "hmark-dport-mask",
            "hmark-spi-mask",
            "hmark-sport",
            "hmark-dport",
            "hmark-spi",
            "hmark-proto-mask",
        ]),
    ],
    check: Some(check),
    printing: Printing::Options(print),
    ..Extension::target("HMARK")
};

const PORT: Value = Value::Number(Number::U16.padded(4));
const WORD: Value = Value::Number(Number::U32.padded(8));

const CT: u32 = 1;

static TUPLE: Flags = Flags {
    names: &[
        ("ct", CT),
        ("src", 1 << 1),
        ("dst", 1 << 2),
        ("sport", 1 << 3),
        ("dport", 1 << 4),
        ("proto", 1 << 5),
        ("spi", 1 << 6),
    ],
    aliases: &[],
    spelling: Spelling::Abbreviated,
    none: "",
    lenient: false,
};

/// The bits of the tuple, and the option that each sets to all ones.
const MASKS: [(u32, &str, &str, &str); 6] = [
    (1 << 1, "hmark-src-prefix", "32", "128"),
    (1 << 2, "hmark-dst-prefix", "32", "128"),
    (1 << 3, "hmark-sport-mask", "0xffff", "0xffff"),
    (1 << 4, "hmark-dport-mask", "0xffff", "0xffff"),
    (1 << 6, "hmark-spi-mask", "0xffffffff", "0xffffffff"),
    (1 << 5, "hmark-proto-mask", "0xffff", "0xffff"),
];

fn tuple(instance: &Instance<'_>) -> u32 {
    instance
        .get("hmark-tuple")
        .and_then(|given| TUPLE.bits(given.argument.text(), &given.argument).ok())
        .unwrap_or(0)
}

/// What the tuple makes of an option, whatever stood before it, or the value that is given.
fn value(instance: &Instance<'_>, long: &str) -> Option<String> {
    let full = MASKS.into_iter().find(|(bit, mask, ..)| *mask == long && tuple(instance) & bit != 0);
    match full {
        Some((_, _, four, _)) if instance.family == Family::Ipv4 => Some(four.to_owned()),
        Some((.., six)) => Some(six.to_owned()),
        None => instance.get(long).map(|given| given.value()),
    }
}

/// Whether the option called `long` stands behind the tuple.
fn follows_tuple(instance: &Instance<'_>, long: &str) -> bool {
    let named = |name: &str| {
        let (index, _) = instance.extension.option(name)?;
        instance.own().position(|used| usize::from(used.option) == index)
    };
    named(long).is_some_and(|place| Some(place) > named("hmark-tuple"))
}

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let has = |long: &str| value(instance, long).is_some();
    let together = [
        ("hmark-spi-mask", ["hmark-sport-mask", "hmark-dport-mask"]),
        ("hmark-spi", ["hmark-sport", "hmark-dport"]),
    ];
    for (word, ports) in together {
        if let Some(port) = ports.into_iter().find(|port| has(word) && has(port)) {
            return Err(SpecErrorKind::Conflict { first: format!("--{word}"), second: format!("--{port}") });
        }
    }
    for (bit, long, ..) in MASKS {
        if tuple(instance) & bit != 0 && follows_tuple(instance, long) {
            return Err(SpecErrorKind::Conflict {
                first: "--hmark-tuple".to_owned(),
                second: format!("--{long}"),
            });
        }
    }
    Ok(())
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    for option in instance.extension.options.iter().filter(|option| option.long != "hmark-tuple") {
        if let Some(value) = value(instance, option.long) {
            out.push_fmt(format_args!(" --{} {value}", option.long));
        }
    }
    if tuple(instance) & CT != 0 {
        out.push_str(" --hmark-tuple ct");
    }
}
