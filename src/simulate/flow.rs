//! A packet on its way: what rules see of it, and what they have made of it.

use super::connection::{Direction, State, Tuple};

/// An interface, by its index among the walk's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Link(pub(super) u32);

/// A mark of which some bits may be unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Mark {
    pub(super) value: u32,
    pub(super) unknown: u32,
}

impl Mark {
    pub(super) const fn known(value: u32) -> Self {
        Self { value, unknown: 0 }
    }

    /// The mark with the bits of `clear` taken out, then those of `flip` turned.
    pub(super) const fn changed(self, clear: u32, flip: u32) -> Self {
        Self { value: (self.value & !clear) ^ flip, unknown: self.unknown & !clear }
    }

    pub(super) const fn and(self, mask: u32) -> Self {
        Self { value: self.value & mask, unknown: self.unknown & mask }
    }

    pub(super) const fn xor(self, other: Self) -> Self {
        Self { value: self.value ^ other.value, unknown: self.unknown | other.unknown }
    }

    pub(super) const fn shifted(self, left: bool, bits: u32) -> Self {
        if left {
            Self { value: self.value << bits, unknown: self.unknown << bits }
        } else {
            Self { value: self.value >> bits, unknown: self.unknown >> bits }
        }
    }
}

/// What connection tracking knows of the packet.
#[expect(clippy::struct_excessive_bools, reason = "they are bits of the kernel's own status of a connection")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tracked {
    pub(super) state: State,
    pub(super) direction: Direction,
    pub(super) original: Tuple,
    pub(super) reply: Tuple,
    pub(super) mark: Mark,
    /// The connection's source, or its destination, was rewritten.
    pub(super) source_rewritten: bool,
    pub(super) destination_rewritten: bool,
    /// The nat tables have been asked for the destination, or the source.
    pub(super) destination_asked: bool,
    pub(super) source_asked: bool,
    /// The packet has left the host, or reached it.
    pub(super) confirmed: bool,
}

/// A packet on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Flow {
    pub(super) protocol: u8,
    pub(super) header: Tuple,
    /// Type and code.
    pub(super) icmp: (u8, u8),
    pub(super) flags: u8,
    pub(super) tos: u8,
    pub(super) ttl: Option<u8>,
    pub(super) length: Option<u16>,
    pub(super) mac: Option<[u8; 6]>,
    pub(super) mark: Mark,
    /// What `-i` sees.
    pub(super) into: Option<Link>,
    /// What `-o` sees.
    pub(super) out: Option<Link>,
    /// Where the packet will leave, which `-o` sees from the next hook on.
    pub(super) route: Option<Link>,
    /// Whether the host itself sends it.
    pub(super) local: bool,
    /// Whether a bridge passes it between its own ports.
    pub(super) bridged: bool,
    /// What connection tracking will find, or has found.
    pub(super) tracked: Tracked,
    /// Whether connection tracking has looked at it.
    pub(super) seen: bool,
}

impl Flow {
    /// The state as `--ctstate` sees it; before connection tracking has looked, the packet has none.
    pub(super) const fn state(&self) -> State {
        if self.seen { self.tracked.state } else { State::Invalid }
    }

    /// Whether the packet has a connection so far.
    pub(super) const fn has_connection(&self) -> bool {
        self.state().has_connection()
    }

    /// Whether the protocol has ports.
    pub(super) const fn has_ports(&self) -> bool {
        crate::model::value::port::protocol_with_ports(self.protocol).is_some()
    }
}
