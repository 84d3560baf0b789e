//! `-j CLUSTERIP`: one address for several nodes; gone from kernels since 6.4.

use crate::model::extension::{Extension, Families, HookSet, Instance, OptionSpec, Printing};
use crate::model::names::Hook;
use crate::model::value::{
    Argument, Custom, Keyword, Number, Samples, Sink, SpecErrorKind, Spelling, Value, mac,
};

pub(super) static CLUSTERIP: Extension = Extension {
    families: Families::Ipv4,
    hooks: HookSet::of(&[Hook::Input]),
    options: &[
        OptionSpec::new("new", Value::Nothing),
        OptionSpec::new("hashmode", Value::Keyword(&MODE)),
        OptionSpec::new("clustermac", Value::Custom(&ADDRESS)),
        OptionSpec::new("total-nodes", Value::number(0, 16)),
        OptionSpec::new("local-node", Value::number(0, 16)),
        OptionSpec::new("hash-init", Value::Number(Number::U32)),
    ],
    check: Some(check),
    printing: Printing::Options(print),
    ..Extension::target("CLUSTERIP")
};

static MODE: Keyword = Keyword {
    names: &["sourceip", "sourceip-sourceport", "sourceip-sourceport-destport"],
    aliases: &[],
    spelling: Spelling::Exact,
};

static ADDRESS: Custom = Custom { words: 1, read, samples: Samples::Either(&["01:00:5e:00:53:01"]) };

fn read(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let bytes = mac::parse(argument.text()).filter(|[first, ..]| first & 1 == 1);
    let bytes = bytes.ok_or_else(|| argument.bad("give a multicast address, as in `01:00:5e:00:53:01`"))?;
    for (index, byte) in bytes.into_iter().enumerate() {
        out.push_fmt(format_args!("{}{byte:02X}", if index > 0 { ":" } else { "" }));
    }
    Ok(())
}

/// All of these, or none.
const FULL: [&str; 5] = ["new", "hashmode", "clustermac", "total-nodes", "local-node"];

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    match FULL.iter().find(|long| !instance.has(long)) {
        Some(missing) if !instance.is_bare() => {
            Err(SpecErrorKind::NeedsOption { option: instance.title(), needed: format!("--{missing}") })
        }
        _ => Ok(()),
    }
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    if instance.is_bare() {
        return;
    }
    instance.push_listed(out);
    if !instance.has("hash-init") {
        out.push_str(" --hash-init 0");
    }
}
