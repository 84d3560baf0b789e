//! `-m ipvs`: what the virtual server did with the connection.

use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::host::Mask;
use crate::model::value::{
    Argument, Custom, Keyword, Reading, Samples, Sink, SpecErrorKind, Spelling, Value,
};

pub(super) static IPVS: Extension = Extension {
    options: &[
        OptionSpec::negatable("ipvs", Value::Nothing),
        OptionSpec::negatable("vproto", Value::Protocol),
        OptionSpec::negatable("vaddr", Value::Host(Mask::UnlessFull)),
        OptionSpec::negatable("vport", Value::Custom(&PORT)),
        OptionSpec::new("vdir", Value::Keyword(&DIRECTION)),
        OptionSpec::negatable("vmethod", Value::Keyword(&METHOD)),
        OptionSpec::negatable("vportctl", Value::Custom(&PORT)),
    ],
    rules: &[Rule::AnyOf(&["ipvs", "vproto", "vaddr", "vport", "vdir", "vmethod", "vportctl"])],
    check: Some(check),
    printing: Printing::Options(print),
    ..Extension::matching("ipvs")
};

static DIRECTION: Keyword =
    Keyword { names: &["ORIGINAL", "REPLY"], aliases: &[], spelling: Spelling::AnyCase };
static METHOD: Keyword =
    Keyword { names: &["GATE", "IPIP", "MASQ"], aliases: &[], spelling: Spelling::AnyCase };
static PORT: Custom = Custom { words: 1, read: read_port, samples: Samples::Either(&["80", "http"]) };

fn read_port(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    out.push_number(Reading::Lookup.port(argument.text())?.into());
    Ok(())
}

/// Whether anything but `--ipvs` is given.
fn has_more(instance: &Instance<'_>) -> bool {
    instance.own().any(|used| used.option != 0)
}

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    if has_more(instance) && instance.get("ipvs").is_some_and(|given| given.negated) {
        return Err(instance.refused("`! --ipvs` stands alone; leave the other options out"));
    }
    Ok(())
}

/// Every other option implies `--ipvs`.
fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    if has_more(instance) {
        instance.push_listed_from("vproto", out);
    } else {
        instance.push_listed(out);
    }
}
