//! The parameters of a run: what `-D`, a parameter file and the environment say, as the scripts ask for them.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{Array, Dynamic};

use super::spelling::value::type_name;

/// A parameter that was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Its value.
    pub value: ParamValue,
    /// Where it was given, such as `-D ssh_port`, for messages.
    pub from: String,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// Text, which becomes what the script's fallback is.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// Several values.
    List(Vec<ParamValue>),
}

/// Parameters by name.
#[derive(Clone, Debug, Default)]
pub struct Params {
    given: BTreeMap<String, Given>,
    /// Those that must be asked for: an environment variable may be there for another script.
    strict: BTreeSet<String>,
    asked: BTreeSet<String>,
}

impl Params {
    /// Gives a parameter; that no script asks for it is then an error.
    pub fn give(&mut self, name: impl Into<String>, given: Given) {
        let name = name.into();
        self.strict.insert(name.clone());
        self.given.insert(name, given);
    }

    /// Gives a parameter that scripts may ask for or not, unless it is given already.
    pub fn offer(&mut self, name: impl Into<String>, given: Given) {
        self.given.entry(name.into()).or_insert(given);
    }

    /// The parameters that no script asked for, and all that were asked for.
    pub(super) fn unasked(&self) -> (Vec<(&str, &Given)>, Vec<&str>) {
        let unasked =
            self.given.iter().filter(|(name, _)| self.strict.contains(*name) && !self.asked.contains(*name));
        let asked = self.asked.iter().map(String::as_str).collect();
        (unasked.map(|(name, given)| (name.as_str(), given)).collect(), asked)
    }

    /// The parameter `name`, which a script asks for.
    pub(super) fn ask(&mut self, name: &str) -> Option<&Given> {
        self.asked.insert(name.to_owned());
        self.given.get(name)
    }
}

impl Given {
    /// The value as a script gets it that did not say what it should be.
    pub(super) fn plain(&self) -> Dynamic {
        plain(&self.value)
    }

    /// The value as what `fallback` is.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(super) fn like(&self, name: &str, fallback: &Dynamic) -> Result<Dynamic, String> {
        like(&self.value, fallback).ok_or_else(|| {
            let is = match &self.value {
                ParamValue::Text(text) => format!("`{text}`"),
                ParamValue::Integer(number) => format!("`{number}`"),
                ParamValue::Boolean(value) => format!("`{value}`"),
                ParamValue::List(_) => "a list".to_owned(),
            };
            let expected = if fallback.is_array() { "a list of numbers" } else { type_name(fallback) };
            format!("parameter `{name}` is {is} by {from}, and the script wants {expected}", from = self.from)
        })
    }
}

fn plain(value: &ParamValue) -> Dynamic {
    match value {
        ParamValue::Text(text) => text.clone().into(),
        ParamValue::Integer(number) => (*number).into(),
        ParamValue::Boolean(value) => (*value).into(),
        ParamValue::List(items) => items.iter().map(plain).collect::<Array>().into(),
    }
}

fn like(value: &ParamValue, fallback: &Dynamic) -> Option<Dynamic> {
    if let Some(items) = fallback.read_lock::<Array>() {
        return list_like(value, items.first());
    }
    match value {
        ParamValue::Text(text) if fallback.is_int() => text.trim().parse::<i64>().ok().map(Dynamic::from),
        ParamValue::Text(text) if fallback.is_bool() => boolean(text).map(Dynamic::from),
        ParamValue::Text(_) => Some(plain(value)),
        ParamValue::Integer(number) if fallback.is_string() => Some(number.to_string().into()),
        ParamValue::Integer(_) if !fallback.is_bool() => Some(plain(value)),
        ParamValue::Boolean(_) if fallback.is_bool() || fallback.is_unit() => Some(plain(value)),
        _ => None,
    }
}

/// The value as a list whose items are what `first`, the fallback's first item, is.
fn list_like(value: &ParamValue, first: Option<&Dynamic>) -> Option<Dynamic> {
    let items: Vec<ParamValue> = match value {
        ParamValue::List(items) => items.clone(),
        ParamValue::Text(text) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(|item| ParamValue::Text(item.to_owned())).collect()
        }
        other => vec![other.clone()],
    };
    let item = |item: &ParamValue| first.map_or_else(|| Some(plain(item)), |first| like(item, first));
    items.iter().map(item).collect::<Option<Array>>().map(Dynamic::from)
}

fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}
