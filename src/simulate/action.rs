//! What a rule does to the packets that it matches.

use super::flow::Mark;
use crate::model::ChainId;

/// Addresses and ports that a connection may get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// First and last address; none where the address stays.
    pub(super) addresses: Option<(u128, u128)>,
    /// First and last port; none where the port stays.
    pub(super) ports: Option<(u16, u16)>,
    /// The port that the first port of the range stands for.
    pub(super) base: Option<u16>,
    /// Whether the port is chosen at random.
    pub(super) random: bool,
}

/// Where a mark is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    Left(u32),
    Right(u32),
}

impl Shift {
    pub(super) const fn apply(self, mark: Mark) -> Mark {
        match self {
            Self::Left(bits) => mark.shifted(true, bits),
            Self::Right(bits) => mark.shifted(false, bits),
        }
    }
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It counts, and the packet goes on to the next rule.
    Nothing,
    Accept,
    Drop,
    Return,
    Jump(ChainId),
    Goto(ChainId),
    /// The packet is gone, and the sender is told.
    Reject(Box<str>),
    /// The bits to clear, and those to turn.
    Mark {
        clear: u32,
        flip: u32,
    },
    ConnectionMark {
        clear: u32,
        flip: u32,
        shift: Shift,
    },
    /// Bits of the packet's mark, and those of the connection's that give way.
    SaveMark {
        from: u32,
        to: u32,
        shift: Shift,
    },
    RestoreMark {
        from: u32,
        to: u32,
        shift: Shift,
    },
    /// A mark from a hash.
    UnknownMark,
    NoTrack,
    Destination(Range),
    Source(Range),
    Masquerade(Range),
    Redirect(Range),
    /// The network's address, and the mask of what of it is put in.
    MapNetwork {
        address: u128,
        mask: u128,
    },
    Tos {
        clear: u8,
        flip: u8,
    },
    Hops(Hops),
    /// Something that changes nothing that rules see.
    Pass(Box<str>),
    /// Something beyond the rules decides.
    Hand(Box<str>),
}

/// What becomes of the hops that are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hops {
    Set(u8),
    Less(u8),
    More(u8),
}
