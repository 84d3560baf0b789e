//! iptables-save text: read into a [`Ruleset`](crate::model::Ruleset), and printed from one.

mod canonical;
mod command;
pub mod error;
pub mod ipset;
mod parse;
pub mod patch;
mod remarks;
mod repair;

pub use canonical::write_canonical;
pub use error::{ParseError, ParseErrorKind};
pub use parse::parse;
pub use patch::{Patch, patches, write};
