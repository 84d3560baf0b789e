//! `-j NFLOG`: the packet to a program that listens.

use crate::model::extension::{Extension, OptionSpec, Print, Rule};
use crate::model::value::{Number, Text, Value};

/// The most bytes of a prefix that the nft backend keeps; the legacy backend keeps 63.
const PREFIX_LIMIT: usize = 127;

pub(super) static NFLOG: Extension = Extension {
    options: &[
        OptionSpec::new("nflog-prefix", Value::Text(Text::QUOTED.at_least(1).cut(PREFIX_LIMIT))),
        OptionSpec::new("nflog-group", Value::Number(Number::U16)).print(Print::Unless("0")),
        OptionSpec::new("nflog-range", Value::Number(Number::U32)).print(Print::Never),
        OptionSpec::new("nflog-size", Value::Number(Number::U32)),
        OptionSpec::new("nflog-threshold", Value::Number(Number::U16)).print(Print::Unless("0")),
    ],
    rules: &[Rule::OneOf(&["nflog-range", "nflog-size"])],
    ..Extension::target("NFLOG")
};
