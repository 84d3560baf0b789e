//! Tests that need the kernel: network namespaces, and real Docker Engines in them.

mod connectivity;
mod faults;
mod harden;
mod harness;
mod tutorial;
