//! Tests that need the kernel: network namespaces, and real Docker Engines in them.

mod apply;
mod blocklist;
mod canonical;
mod connectivity;
mod convergence;
mod delta;
mod faults;
mod fmt;
mod harden;
mod harms;
mod harness;
mod objects;
mod persist;
mod restart;
mod scripts;
mod simulate;
mod tutorial;
