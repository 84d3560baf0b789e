//! Firewall policy as code for Docker hosts.

pub mod source;
pub mod syntax;
