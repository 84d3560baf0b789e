//! The map spelling: keys are iptables' long options with `_` for `-`. The matches that know them are implied.

use rhai::Map;

use super::SpellingError;
use super::builder::{RuleBuilder, option_text, push_value};
use super::value::{Kind, Value};
use crate::diagnostic::did_you_mean;
use crate::model::extension::{Extension, OptionSpec};
use crate::model::{Family, matches, targets};

/// Keys that every rule can have, and that are no option of a match.
const BASE: [&str; 12] = [
    "protocol",
    "source",
    "destination",
    "in_interface",
    "out_interface",
    "fragment",
    "jump",
    "go_to",
    "sport",
    "dport",
    "source_port",
    "destination_port",
];
/// Matches that are printed behind the others, the last one last: first what narrows, then what counts, then the words.
const LAST: [&str; 6] = ["state", "conntrack", "hashlimit", "limit", "recent", "comment"];

/// The builder that says what `map` says.
pub(super) fn builder(map: &Map, family: Family) -> Result<RuleBuilder, SpellingError> {
    let mut builder = RuleBuilder::default();
    let mut rest = Vec::new();
    for (key, value) in map {
        let value = Value::of(key, value)?;
        builder = match key.as_str() {
            "protocol" => builder.protocol(value),
            "source" => builder.source(value),
            "destination" => builder.destination(value),
            "sport" | "source_port" => builder.sport(value),
            "dport" | "destination_port" => builder.dport(value),
            "in_interface" => builder.option(None, "-i", &value),
            "out_interface" => builder.option(None, "-o", &value),
            "fragment" => builder.option(None, "-f", &value),
            "jump" | "go_to" => builder,
            _ => {
                rest.push((key.as_str(), value));
                builder
            }
        };
    }
    let jump = jump(map)?;
    let target = jump.as_ref().and_then(|(_, name)| targets::find(name, family));
    let protocol = map.get("protocol").map(ToString::to_string);
    let (for_target, for_matches): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|(key, _)| target.is_some_and(|target| knows(target, key)));
    builder = with_matches(builder, for_matches, protocol.as_deref(), family)?;
    if let Some((option, name)) = jump {
        let mut text = [option, " "].concat();
        push_value(&mut text, &name);
        builder = builder.target(text);
    }
    for (key, value) in for_target {
        builder = builder.target(option_of(target, key, &value));
    }
    Ok(builder)
}

/// The jump's option and name.
fn jump(map: &Map) -> Result<Option<(&'static str, String)>, SpellingError> {
    for (key, option) in [("jump", "-j"), ("go_to", "-g")] {
        let Some(value) = map.get(key) else { continue };
        let value = Value::of(key, value)?;
        match value.items.as_slice() {
            [name] if !value.negated => return Ok(Some((option, name.clone()))),
            [] if value.kind == Kind::Absent => {}
            _ => return Err(SpellingError::BadValue { name: key.to_owned(), what: "anything but one name" }),
        }
    }
    Ok(None)
}

/// Adds the options of matches, each match loaded once.
fn with_matches(
    mut builder: RuleBuilder,
    options: Vec<(&str, Value)>,
    protocol: Option<&str>,
    family: Family,
) -> Result<RuleBuilder, SpellingError> {
    let mut groups: Vec<(&'static Extension, Vec<String>)> = Vec::new();
    let candidates: Vec<Vec<&'static Extension>> =
        options.iter().map(|(key, _)| owners(key, protocol, family)).collect();
    for ((key, value), owners) in options.iter().zip(&candidates) {
        let extension = choose(key, owners, &candidates)?;
        let text = option_of(Some(extension), key, value);
        match groups.iter_mut().find(|(known, _)| known.name == extension.name) {
            Some((_, texts)) => texts.push(text),
            None => groups.push((extension, vec![text])),
        }
    }
    groups.sort_by_key(|(extension, _)| rank(extension, protocol));
    for (extension, texts) in groups {
        let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        if !texts.is_empty() {
            builder = builder.piece(["-m ", extension.name, " ", &texts.join(" ")].concat());
        }
    }
    Ok(builder)
}

fn rank(extension: &Extension, protocol: Option<&str>) -> usize {
    if protocol == Some(extension.name) {
        return 0;
    }
    LAST.iter().position(|name| *name == extension.name).map_or(1, |place| place + 2)
}

/// The matches that know the option `key`; the protocol's own match goes before others.
fn owners(key: &str, protocol: Option<&str>, family: Family) -> Vec<&'static Extension> {
    let of_family = matches::ALL.iter().copied().filter(|extension| extension.families.contains(family));
    let owners: Vec<&'static Extension> = of_family.filter(|extension| knows(extension, key)).collect();
    match owners.iter().find(|extension| protocol == Some(extension.name)) {
        Some(own) => vec![own],
        None => owners,
    }
}

/// The match that is meant by `key`: the only one that knows it, or the one that another key needs anyway.
fn choose(
    key: &str,
    owners: &[&'static Extension],
    all: &[Vec<&'static Extension>],
) -> Result<&'static Extension, SpellingError> {
    match owners {
        [] => Err(SpellingError::UnknownKey { key: key.to_owned(), near: near(key) }),
        [only] => Ok(only),
        several => {
            let needed = |extension: &&&'static Extension| {
                all.iter().any(|other| matches!(other.as_slice(), [only] if only.name == extension.name))
            };
            let plain = |extension: &&&'static Extension| extension.name.replace('-', "_") == key;
            several.iter().find(needed).or_else(|| several.iter().find(plain)).copied().ok_or_else(|| {
                let owners = several.iter().map(|extension| extension.name).collect::<Vec<_>>().join(", ");
                SpellingError::AmbiguousKey { key: key.to_owned(), owners }
            })
        }
    }
}

fn near(key: &str) -> Option<String> {
    let options = matches::ALL.iter().chain(targets::ALL).flat_map(|extension| extension.options);
    let names: Vec<String> = options.flat_map(OptionSpec::names).map(|name| name.replace('-', "_")).collect();
    did_you_mean(key, BASE.into_iter().chain(names.iter().map(String::as_str))).map(ToOwned::to_owned)
}

fn knows(extension: &Extension, key: &str) -> bool {
    find(extension, key).is_some()
}

fn find(extension: &Extension, key: &str) -> Option<&'static str> {
    let options = extension.options.iter();
    options.flat_map(OptionSpec::names).find(|name| name.len() == key.len() && name.replace('-', "_") == key)
}

/// `! --option VALUE…` with as many words as the option takes.
fn option_of(extension: Option<&Extension>, key: &str, value: &Value) -> String {
    let name = extension
        .and_then(|extension| find(extension, key))
        .map_or_else(|| key.replace('_', "-"), ToOwned::to_owned);
    let option = ["--", &name].concat();
    let spec =
        extension.and_then(|extension| extension.options.iter().find(|option| option.is_called(&name)));
    if spec.is_some_and(|spec| spec.value.words() > 1) {
        let negation = if value.negated { "! " } else { "" };
        return [negation, &option, " ", &value.items.join(" ")].concat();
    }
    option_text(None, &option, value)
}
