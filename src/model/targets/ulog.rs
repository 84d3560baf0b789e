//! `-j ULOG`: the packet to a program that listens; gone from kernels since 3.17, `-j NFLOG` took its place.

use crate::model::extension::{Extension, Families, OptionSpec, Print};
use crate::model::value::{Text, Value};

pub(super) static ULOG: Extension = Extension {
    families: Families::Ipv4,
    options: &[
        OptionSpec::new("ulog-prefix", Value::Text(Text::QUOTED.at_least(1).cut(31))),
        OptionSpec::new("ulog-nlgroup", Value::number(1, 32)).print(Print::Unless("1")),
        OptionSpec::new("ulog-cprange", Value::number(0, u64::MAX)).print(Print::Unless("0")),
        OptionSpec::new("ulog-qthreshold", Value::number(1, 50)).print(Print::Unless("1")),
    ],
    ..Extension::target("ULOG")
};
