//! `dwscript test`, `compare` and `new`, as a user runs them.

mod assertions;
mod compare;
mod formats;
mod policies;
