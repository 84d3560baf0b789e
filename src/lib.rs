//! Firewall policy as code for Docker hosts.

pub mod check;
pub mod cli;
pub mod diagnostic;
pub mod model;
pub mod report;
pub mod samples;
pub mod save;
pub mod script;
pub mod source;
pub mod syntax;
