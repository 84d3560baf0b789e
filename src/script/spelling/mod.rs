//! The three ways in which a script spells a rule (text, map, builder), all of which become iptables text.

pub(crate) mod builder;
pub(crate) mod map;
pub(crate) mod value;

pub(crate) use builder::RuleBuilder;

use rhai::Dynamic;

use crate::model::Family;

/// Why a spelling is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpellingError {
    /// A value of a kind that no option takes.
    #[error("`{name}` cannot be {what}")]
    BadValue {
        /// The option or method.
        name: String,
        /// What was given.
        what: &'static str,
    },
    /// A line feed would end the rule in the printed text.
    #[error("`{name}` holds a line feed or a NUL, and a rule is one line")]
    LineFeed {
        /// The option or method.
        name: String,
    },
    /// A key that is no option.
    #[error("`{key}` is no option of iptables")]
    UnknownKey {
        /// The key.
        key: String,
        /// What it may have been meant to be.
        near: Option<String>,
    },
    /// A key that several extensions know.
    #[error("`{key}` is an option of several matches: {owners}")]
    AmbiguousKey {
        /// The key.
        key: String,
        /// The matches.
        owners: String,
    },
    /// A list cannot be negated.
    #[error("`{name}` cannot negate a list: each address would let through what another keeps out")]
    NegatedList {
        /// The option or method.
        name: String,
    },
    /// Something else than a rule.
    #[error("a rule is text, a map or a builder, and this is {0}")]
    NoRule(&'static str),
    /// A port list on a rule without a protocol that has ports.
    #[error("`{0}` needs a protocol with ports: begin with `tcp()` or `udp()`, or set `protocol`")]
    NoProtocol(String),
}

impl SpellingError {
    /// The stable code of the error.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey { .. } => "unknown-key",
            Self::AmbiguousKey { .. } => "ambiguous-key",
            Self::NoProtocol(_) => "port-without-protocol",
            Self::LineFeed { .. } => "line-feed",
            Self::BadValue { .. } | Self::NegatedList { .. } | Self::NoRule(_) => "bad-value",
        }
    }

    /// The way on.
    pub(crate) fn help(&self) -> String {
        match self {
            Self::UnknownKey { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::UnknownKey { .. } => {
                "keys are iptables' long options with `_` for `-`; see `man iptables-extensions`".to_owned()
            }
            Self::AmbiguousKey { .. } => {
                "write the rule as text, or give it to `.options(\"-m NAME …\")`".to_owned()
            }
            Self::NegatedList { .. } => "put the addresses into an ipset and negate that".to_owned(),
            Self::LineFeed { .. } => "take it out".to_owned(),
            Self::BadValue { .. } => "give text, a number, an array of them, or `#{ not: … }`".to_owned(),
            Self::NoRule(_) => {
                "for example `\"-p tcp --dport 22 -j ACCEPT\"` or `tcp().dport(22).accept()`".to_owned()
            }
            Self::NoProtocol(_) => "for example `tcp().dport(22)`".to_owned(),
        }
    }
}

/// Rules as iptables text, and what had to be left out on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelled {
    /// The specifications, in order.
    pub(crate) texts: Vec<String>,
    /// Lists of addresses that had none of the family at hand, by the name of the option.
    pub(crate) emptied: Vec<String>,
}

/// The rules that `value` spells; an array spells those of its items in order.
pub(crate) fn spell(value: &Dynamic, family: Family) -> Result<Spelled, SpellingError> {
    if let Some(array) = value.read_lock::<rhai::Array>() {
        let mut all = Spelled::default();
        for item in array.iter() {
            let one = spell(item, family)?;
            all.texts.extend(one.texts);
            all.emptied.extend(one.emptied);
        }
        return Ok(all);
    }
    if let Some(text) = value.read_lock::<rhai::ImmutableString>() {
        return spell_text(&text);
    }
    if let Some(builder) = value.read_lock::<RuleBuilder>() {
        return builder.spell(family);
    }
    if let Some(map) = value.read_lock::<rhai::Map>() {
        return map::builder(&map, family)?.spell(family);
    }
    Err(SpellingError::NoRule(value::type_name(value)))
}

fn spell_text(text: &str) -> Result<Spelled, SpellingError> {
    let text = text.trim();
    if text.contains(['\n', '\r', '\0']) {
        return Err(SpellingError::LineFeed { name: "rule".to_owned() });
    }
    Ok(Spelled { texts: vec![text.to_owned()], emptied: Vec::new() })
}
