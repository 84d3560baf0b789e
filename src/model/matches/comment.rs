//! `-m comment`: a note to whoever reads the rules.

use crate::model::extension::{Extension, OptionSpec, Rule};
use crate::model::value::{Text, Value};

/// The most bytes of a comment that iptables keeps; the rest is cut off without a word.
const LIMIT: usize = 255;

pub(super) static COMMENT: Extension = Extension {
    options: &[OptionSpec::new("comment", Value::Text(Text::QUOTED.cut(LIMIT)))],
    rules: &[Rule::AnyOf(&["comment"])],
    ..Extension::matching("comment")
};
