//! Patterns as scripts hold them.

use std::rc::Rc;

use regex::Regex;

/// `matching("…")`: a pattern over the canonical text of rules.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(pub(super) Rc<Regex>);
