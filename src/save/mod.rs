//! iptables-save text: read into a [`Ruleset`](crate::model::Ruleset), and printed from one.

mod command;
pub mod error;
mod parse;
pub mod patch;
mod repair;

pub use error::{ParseError, ParseErrorKind};
pub use parse::parse;
pub use patch::{Patch, patches, write};
