//! `-j CT`: how a connection will be tracked, and its old name `-j NOTRACK`: not at all.

use crate::model::extension::{Extension, Instance, OptionSpec, Print, Printing, TableSet};
use crate::model::names::TableName;
use crate::model::value::{
    Argument, Custom, Flags, Samples, Sink, SpecErrorKind, Spelling, Text, Value, number,
};

pub(super) static CT: Extension = Extension {
    tables: TABLES,
    options: &[
        OptionSpec::new("notrack", Value::Nothing),
        OptionSpec::new("helper", Value::Text(Text::BARE.cut(15))).print(Print::Unless("\"\"")),
        OptionSpec::new("timeout", Value::Text(Text::BARE.cut(31))).print(Print::Unless("\"\"")),
        OptionSpec::new("ctevents", Value::Flags(&EVENTS)),
        OptionSpec::new("expevents", Value::Flags(&EXPECTATION_EVENTS)),
        OptionSpec::new("zone", Value::Custom(&ZONE)).print(Print::Unless("0")),
        OptionSpec::new("zone-orig", Value::Custom(&ZONE)).print(Print::Unless("0")),
        OptionSpec::new("zone-reply", Value::Custom(&ZONE)).print(Print::Unless("0")),
    ],
    check: Some(check),
    printing: Printing::Options(print),
    ..Extension::target("CT")
};

pub(super) static NOTRACK: Extension = Extension { tables: TABLES, ..Extension::target("NOTRACK") };

const TABLES: TableSet = TableSet::of(&[TableName::Raw]);

static EVENTS: Flags = Flags {
    names: &[
        ("new", 1),
        ("related", 1 << 1),
        ("destroy", 1 << 2),
        ("reply", 1 << 3),
        ("assured", 1 << 4),
        ("protoinfo", 1 << 5),
        ("helper", 1 << 6),
        ("mark", 1 << 7),
        ("natseqinfo", 1 << 8),
        ("secmark", 1 << 9),
    ],
    aliases: &[],
    spelling: Spelling::Exact,
    none: "",
    lenient: false,
};

static EXPECTATION_EVENTS: Flags =
    Flags { names: &[("new", 1)], aliases: &[], spelling: Spelling::Exact, none: "", lenient: false };

static ZONE: Custom =
    Custom { words: 1, read: read_zone, samples: Samples::Either(&["1", "65535", "mark", "0"]) };

fn read_zone(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    if argument.text().eq_ignore_ascii_case("mark") {
        out.push_str("mark");
        return Ok(());
    }
    let zone = number::whole(argument.text(), 0, 65_535);
    out.push_number(zone.ok_or_else(|| argument.bad("give a number from 0 to 65535, or `mark`"))?);
    Ok(())
}

/// Helpers and timeouts belong to a protocol.
fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let protocol = instance.protocol;
    let named = |long: &str| instance.get(long).is_some_and(|given| !given.argument.first.is_empty());
    if !instance.has("notrack")
        && (protocol.number == 0 || protocol.negated)
        && (named("helper") || named("timeout"))
    {
        return Err(instance.refused("`--helper` and `--timeout` need a protocol; name it with `-p`"));
    }
    Ok(())
}

/// The zone that came last counts; `mark`, and a direction, once said, stay.
fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    instance.push_listed_until("zone", out);
    let (mut original, mut reply, mut mark, mut zone) = (false, false, false, String::new());
    for given in instance.own().filter_map(|used| instance.given(used)) {
        match given.option.long {
            "zone" => {}
            "zone-orig" => original = true,
            "zone-reply" => reply = true,
            _ => continue,
        }
        zone = given.value();
        mark |= zone == "mark";
    }
    if mark {
        "mark".clone_into(&mut zone);
    }
    if zone.is_empty() || zone == "0" {
        return;
    }
    out.push_str(match (original, reply) {
        (true, false) => " --zone-orig ",
        (false, true) => " --zone-reply ",
        _ => " --zone ",
    });
    out.push_str(&zone);
}
