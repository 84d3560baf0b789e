//! Deltas: what turns one ruleset into another, and back.

pub(crate) mod pairs;
