//! Tests that need the kernel: network namespaces, and real Docker Engines in them.

mod apply;
mod canonical;
mod connectivity;
mod convergence;
mod delta;
mod faults;
mod fmt;
mod harden;
mod harness;
mod persist;
mod simulate;
mod tutorial;
