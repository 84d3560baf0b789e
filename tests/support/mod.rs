//! Helpers that tests of several features share.

pub(crate) mod agent;
pub(crate) mod command;
pub(crate) mod engine;
pub(crate) mod generate;
pub(crate) mod lab;
pub(crate) mod login;
pub(crate) mod machine;
pub(crate) mod namespace;
pub(crate) mod process;
pub(crate) mod scene;
pub(crate) mod skip;
pub(crate) mod sources;
pub(crate) mod terminal;
