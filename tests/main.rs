//! The one test binary: a module per feature.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::needless_for_each,
    reason = "a test fails by panicking, its helpers too"
)]

mod check;
mod cli;
mod convergence;
mod corpus;
mod delta;
mod docker;
mod golden;
mod lab;
mod layering;
mod lints;
mod readme;
mod save;
mod script;
mod simulate;
mod support;
mod testing;
