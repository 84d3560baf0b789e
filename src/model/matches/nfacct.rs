//! `-m nfacct`: counts into an accounting object.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{Text, Value};

pub(super) static NFACCT: Extension = Extension {
    options: &[OptionSpec::new("nfacct-name", Value::Text(Text::QUOTED.at_least(1).cut(31)))],
    rules: &[Rule::AnyOf(&["nfacct-name"])],
    ..Extension::matching("nfacct")
};
