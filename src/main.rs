//! The `dwscript` command.
fn main() {}
