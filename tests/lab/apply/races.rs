//! Others change rules between two steps of a run.
