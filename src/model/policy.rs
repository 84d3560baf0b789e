//! Policies of chains.

use super::symbol::Symbol;

/// What becomes of a packet that no rule of a built-in chain decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// The packet goes on.
    Accept,
    /// The packet is gone.
    Drop,
    /// `-`: a user chain has none.
    None,
    /// Some other word that the text holds; iptables-restore refuses it.
    Other(Symbol),
}

impl Policy {
    /// The policy that a script may set: ACCEPT or DROP.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "ACCEPT" => Some(Self::Accept),
            "DROP" => Some(Self::Drop),
            _ => None,
        }
    }
}
