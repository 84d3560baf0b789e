//! Firewall policy as code for Docker hosts.

pub mod apply;
pub mod check;
pub mod cli;
pub mod delta;
pub mod diagnostic;
pub mod docker;
pub mod host;
pub mod model;
pub mod packets;
pub mod report;
pub mod samples;
pub mod save;
pub mod script;
pub mod simulate;
pub mod source;
pub mod syntax;

use std::alloc::System;

use cap::Cap;

/// The allocator counts, so that scripts can be bounded in memory.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// How much memory the process has allocated, in bytes.
#[must_use]
pub fn allocated() -> usize {
    ALLOCATOR.allocated()
}
