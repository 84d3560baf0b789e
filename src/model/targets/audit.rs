//! `-j AUDIT`: a record in the audit log.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{Keyword, Spelling, Value};

pub(super) static AUDIT: Extension = Extension {
    options: &[OptionSpec::new("type", Value::Keyword(&TYPES))],
    rules: &[Rule::AnyOf(&["type"])],
    ..Extension::target("AUDIT")
};

static TYPES: Keyword =
    Keyword { names: &["accept", "drop", "reject"], aliases: &[], spelling: Spelling::AnyCase };
