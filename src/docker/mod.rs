//! What Docker's rules tell: which engine wrote them, which networks and published ports there are, and which rules are
//! Docker's own; and what Docker itself tells, where it can be asked.

mod bridges;
mod inventory;
mod layout;
mod networks;
mod owned;
mod published;
pub mod restart;

pub use bridges::{bridge_patterns, bridges, is_generated, patterns};
pub use inventory::{Attachment, Binding, Inventory, KnownContainer, KnownNetwork};
pub use layout::{Layout, USER_CHAIN, is_nftables, is_own_chain, layout};
pub use networks::{Network, is_of_family, networks};
pub use owned::{Docker, Owned};
pub use published::{Proxied, Published, is_local, published};
