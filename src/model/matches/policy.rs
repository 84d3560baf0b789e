//! `-m policy`: the `IPsec` policy that the packet goes by.

use crate::model::extension::{Extension, Given, HookSet, Instance, OptionSpec, Print, Printing, Rule};
use crate::model::names::Hook;
use crate::model::value::host::Mask;
use crate::model::value::protocol::{AH, ESP, IPCOMP};
use crate::model::value::{
    Argument, Custom, Keyword, Number, Samples, Sink, SpecErrorKind, Spelling, Value, protocol,
};

pub(super) static POLICY: Extension = Extension {
    options: &[
        OptionSpec::new("dir", Value::Keyword(&DIRECTION)),
        OptionSpec::new("pol", Value::Keyword(&POLICY_KIND)).print(Print::Always("ipsec")),
        OptionSpec::new("strict", Value::Nothing),
        OptionSpec::negatable("reqid", Value::Number(Number::U32)).repeated(),
        OptionSpec::negatable("spi", Value::Number(Number::U32.hexadecimal())).repeated(),
        OptionSpec::negatable("proto", Value::Custom(&PROTOCOL)).repeated(),
        OptionSpec::negatable("mode", Value::Keyword(&MODE)).repeated(),
        OptionSpec::negatable("tunnel-dst", Value::Host(Mask::UnlessFull)).repeated(),
        OptionSpec::negatable("tunnel-src", Value::Host(Mask::UnlessFull)).repeated(),
        OptionSpec::new("next", Value::Nothing).repeated(),
    ],
    rules: &[Rule::AnyOf(&["dir"]), Rule::Needs("next", "strict")],
    check: Some(check),
    printing: Printing::Options(print),
    narrow: Some(narrow),
    ..Extension::matching("policy")
};

static DIRECTION: Keyword = Keyword { names: &["in", "out"], aliases: &[], spelling: Spelling::Exact };
static POLICY_KIND: Keyword = Keyword { names: &["none", "ipsec"], aliases: &[], spelling: Spelling::Exact };
static MODE: Keyword = Keyword { names: &["transport", "tunnel"], aliases: &[], spelling: Spelling::Exact };

static PROTOCOL: Custom =
    Custom { words: 1, read: read_protocol, samples: Samples::Either(&["esp", "ah", "ipcomp", "50"]) };

fn read_protocol(argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    let number = protocol::find(argument.text()).ok_or_else(|| protocol::unknown(argument.text()))?;
    if ![AH, ESP, IPCOMP].contains(&number) {
        return Err(argument.bad("give `ah`, `esp` or `ipcomp`"));
    }
    protocol::push(number, out);
    Ok(())
}

/// The most elements of a policy.
const ELEMENT_LIMIT: usize = 4;

/// The options of an element, in printed order.
const ELEMENT: [&str; 6] = ["reqid", "spi", "proto", "mode", "tunnel-dst", "tunnel-src"];

/// The options of each element; `--next` parts them.
fn elements<'s>(instance: &Instance<'s>) -> Vec<Vec<Given<'s>>> {
    let mut elements = vec![Vec::new()];
    for given in instance.own().filter_map(|used| instance.given(used)) {
        match (given.option.long, elements.last_mut()) {
            ("next", _) => elements.push(Vec::new()),
            (long, Some(last)) if ELEMENT.contains(&long) => last.push(given),
            _ => {}
        }
    }
    elements
}

/// What comes in has a policy to come in by, and what goes out one to go out by.
fn narrow(instance: &Instance<'_>) -> HookSet {
    match instance.get("dir").map(|given| given.value()).as_deref() {
        Some("in") => HookSet::of(&[Hook::Prerouting, Hook::Input, Hook::Forward]),
        Some("out") => HookSet::of(&[Hook::Forward, Hook::Output, Hook::Postrouting]),
        _ => HookSet::ALL,
    }
}

fn is_none(instance: &Instance<'_>) -> bool {
    instance.get("pol").is_some_and(|given| given.argument.text() == "none")
}

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let strict = instance.has("strict");
    let elements = elements(instance);
    if is_none(instance) && (strict || elements.len() > 1) {
        return Err(SpecErrorKind::Conflict {
            first: "--pol none".to_owned(),
            second: "--strict".to_owned(),
        });
    }
    if elements.len() > ELEMENT_LIMIT {
        return Err(instance.refused("four elements are the most; leave a `--next` out"));
    }
    for element in &elements {
        if strict && element.is_empty() {
            return Err(instance
                .refused("under `--strict` each element says at least one thing; add `--proto` or another"));
        }
        for (index, given) in element.iter().enumerate() {
            if element.iter().take(index).any(|earlier| earlier.option.long == given.option.long) {
                return Err(SpecErrorKind::DuplicateOption { option: format!("--{}", given.option.long) });
            }
        }
        let mode = element.iter().find(|given| given.option.long == "mode");
        let tunnel = mode.is_some_and(|given| (given.argument.text() == "tunnel") != given.negated);
        let ends = element.iter().any(|given| given.option.long.starts_with("tunnel-"));
        if ends && !tunnel && !is_none(instance) {
            return Err(instance.refused("`--tunnel-src` and `--tunnel-dst` need `--mode tunnel`; add it"));
        }
    }
    Ok(())
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    instance.push_listed_until("reqid", out);
    if is_none(instance) {
        return;
    }
    for (index, element) in elements(instance).iter().enumerate() {
        if index > 0 {
            out.push_str(" --next");
        }
        for long in ELEMENT {
            if let Some(given) = element.iter().find(|given| given.option.long == long) {
                given.push(out);
            }
        }
    }
}
