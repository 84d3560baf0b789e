//! Tests that need the kernel: network namespaces, and real Docker Engines in them.

mod connectivity;
mod faults;
mod harness;
