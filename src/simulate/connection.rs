//! What connection tracking keeps of a packet's connection.

use std::net::IpAddr;

use super::address::address;
use crate::model::Family;

/// What connection tracking makes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It belongs to no connection and can begin none.
    Invalid,
    /// It begins a connection.
    New,
    /// It begins a connection that another one announced, or reports an error of one.
    Related,
    /// Its connection has seen packets both ways.
    Established,
    /// It is exempt from tracking.
    Untracked,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Invalid, Self::New, Self::Related, Self::Established, Self::Untracked];

    /// The state as `--ctstate` spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "INVALID",
            Self::New => "NEW",
            Self::Related => "RELATED",
            Self::Established => "ESTABLISHED",
            Self::Untracked => "UNTRACKED",
        }
    }

    /// Whether the packet has a connection.
    pub(super) const fn has_connection(self) -> bool {
        !matches!(self, Self::Invalid | Self::Untracked)
    }

    /// Its bit in `--ctstate`.
    pub(super) const fn bit(self) -> u32 {
        match self {
            Self::Invalid => 1,
            Self::New => 1 << 1,
            Self::Related => 1 << 2,
            Self::Established => 1 << 3,
            Self::Untracked => 1 << 4,
        }
    }
}

/// Which way a packet goes on its connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// As the first packet.
    #[default]
    Original,
    /// As the answer to it.
    Reply,
}

/// Addresses and ports of one direction of a connection; of ICMP, the type and code stand for the destination port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Tuple {
    pub(super) source: u128,
    pub(super) destination: u128,
    pub(super) source_port: u16,
    pub(super) destination_port: u16,
}

impl Tuple {
    /// The tuple of the answer.
    pub(super) const fn inverse(self) -> Self {
        Self {
            source: self.destination,
            destination: self.source,
            source_port: self.destination_port,
            destination_port: self.source_port,
        }
    }
}

/// A connection, as the packets of its first direction and the answers are seen before any rewriting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    pub(super) family: Family,
    pub(super) protocol: u8,
    pub(super) original: Tuple,
    pub(super) reply: Tuple,
    pub(super) mark: u32,
    pub(super) source_rewritten: bool,
    pub(super) destination_rewritten: bool,
}

impl Connection {
    /// Who began it.
    #[must_use]
    pub const fn client(&self) -> (IpAddr, u16) {
        (address(self.original.source, self.family), self.original.source_port)
    }

    /// Whom the client dialled.
    #[must_use]
    pub const fn dialled(&self) -> (IpAddr, u16) {
        (address(self.original.destination, self.family), self.original.destination_port)
    }

    /// Who answers.
    #[must_use]
    pub const fn server(&self) -> (IpAddr, u16) {
        (address(self.reply.source, self.family), self.reply.source_port)
    }

    /// Whom the server takes for its client.
    #[must_use]
    pub const fn seen_client(&self) -> (IpAddr, u16) {
        (address(self.reply.destination, self.family), self.reply.destination_port)
    }
}
