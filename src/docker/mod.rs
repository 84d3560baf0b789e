//! What Docker's rules tell: which engine wrote them, which bridges and published ports there are, and which rules are
//! Docker's own.

mod bridges;
mod layout;
mod owned;
mod published;
pub mod restart;

pub use bridges::{bridge_patterns, bridges};
pub use layout::{Layout, USER_CHAIN, is_own_chain, layout};
pub use owned::{Docker, Owned};
pub use published::{Published, published};
