//! Firewall policy as code for Docker hosts.

pub mod diagnostic;
pub mod model;
pub mod save;
pub mod source;
pub mod syntax;
