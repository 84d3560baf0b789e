//! What a script gives as the value of an option.

use rhai::{Array, Dynamic, Map};

use super::SpellingError;

/// A value of an option: one item or several, maybe negated, or a bare switch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Value {
    /// Whether it was given as `#{ not: … }`, or with a leading `! `.
    pub(crate) negated: bool,
    /// The items; none for a switch and for an empty array.
    pub(crate) items: Vec<String>,
    /// What kind of value it was.
    pub(crate) kind: Kind,
}

/// The kinds of value that matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `()` or `false`: the option is left out.
    #[default]
    Absent,
    /// `true`: the option takes no value.
    Switch,
    /// A string or a number.
    Scalar,
    /// An array.
    List,
}

impl Value {
    /// Takes a script's value for the option `name`.
    pub(crate) fn of(name: &str, value: &Dynamic) -> Result<Self, SpellingError> {
        if let Some(map) = value.read_lock::<Map>() {
            return Self::negation(name, &map);
        }
        if let Some(array) = value.read_lock::<Array>() {
            let items = array.iter().map(|item| scalar(name, item)).collect::<Result<_, _>>()?;
            return Ok(Self { negated: false, items, kind: Kind::List });
        }
        if value.is_unit() {
            return Ok(Self::default());
        }
        if let Ok(switch) = value.as_bool() {
            let kind = if switch { Kind::Switch } else { Kind::Absent };
            return Ok(Self { negated: false, items: Vec::new(), kind });
        }
        let item = scalar(name, value)?;
        let (negated, item) = match item.strip_prefix("! ") {
            Some(rest) => (true, rest.trim_start().to_owned()),
            None => (false, item),
        };
        Ok(Self { negated, items: vec![item], kind: Kind::Scalar })
    }

    fn negation(name: &str, map: &Map) -> Result<Self, SpellingError> {
        let mut entries = map.iter();
        match (entries.next(), entries.next()) {
            (Some((key, inner)), None) if key == "not" => {
                let value = Self::of(name, inner)?;
                if value.negated {
                    return Err(SpellingError::BadValue { name: name.to_owned(), what: "a double negation" });
                }
                Ok(Self { negated: true, ..value })
            }
            _ => Err(SpellingError::BadValue {
                name: name.to_owned(),
                what: "a map other than `#{ not: … }`",
            }),
        }
    }
}

fn scalar(name: &str, value: &Dynamic) -> Result<String, SpellingError> {
    let text = if let Some(text) = value.read_lock::<rhai::ImmutableString>() {
        text.to_string()
    } else if value.is_int() || value.is_char() {
        value.to_string()
    } else {
        return Err(SpellingError::BadValue { name: name.to_owned(), what: type_name(value) });
    };
    if text.contains(['\n', '\r', '\0']) {
        return Err(SpellingError::LineFeed { name: name.to_owned() });
    }
    Ok(text)
}

/// What a script's author calls the type of `value`.
pub(crate) fn type_name(value: &Dynamic) -> &'static str {
    match value.type_name() {
        "string" => "a string",
        "array" => "an array",
        "map" => "a map",
        "()" => "nothing",
        "bool" => "true or false",
        "Fn" => "a closure",
        "char" => "a character",
        "range" | "range=" => "a range",
        _ if value.is_int() => "a number",
        name if name.contains("RuleBuilder") => "a rule",
        _ => "a value of another kind",
    }
}
