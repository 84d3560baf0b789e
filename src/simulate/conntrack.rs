//! `-m conntrack` and `-m state`: what they ask of a packet's connection.

use super::answer::Answer;
use super::connection::{Direction, State};
use super::flow::Flow;

/// The rewriting of a connection's source, and of its destination, as bits of `--ctstate`.
const SNAT: u32 = 1 << 5;
const DNAT: u32 = 1 << 6;
/// The bits of `--ctstatus`.
const EXPECTED: u32 = 1;
const SEEN_REPLY: u32 = 1 << 1;
const ASSURED: u32 = 1 << 2;
const CONFIRMED: u32 = 1 << 3;

/// Which address or port of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    OriginalSource,
    OriginalDestination,
    ReplySource,
    ReplyDestination,
}

/// One option of the match; the kernel asks them one by one, `!` by `!` (`conntrack_mt`, `net/netfilter/xt_conntrack.c`).
#[derive(Clone, Copy, Debug)]
pub(super) enum Ask {
    States(u32),
    Protocol(u8),
    Address(Part, u128, u128),
    Port(Part, u16, u16),
    Statuses(u32),
    Direction(Direction),
    Expiry,
}

impl Ask {
    pub(super) fn answer(self, flow: &Flow, negated: bool) -> Answer {
        let tracked = &flow.tracked;
        if let Self::States(mask) = self {
            return Answer::of(mask & states(flow) != 0).negated(negated);
        }
        if !flow.has_connection() {
            return Answer::No;
        }
        let answer = match self {
            Self::States(_) => Answer::No,
            Self::Protocol(number) => Answer::of(flow.protocol == number),
            Self::Address(part, address, mask) => Answer::of(part.address(flow) & mask == address),
            Self::Port(part, from, to) => Answer::of((from..=to).contains(&part.port(flow))),
            Self::Statuses(mask) => statuses(flow, mask),
            Self::Direction(direction) => Answer::of(direction == tracked.direction),
            Self::Expiry => Answer::Unknown,
        };
        answer.negated(negated)
    }
}

fn states(flow: &Flow) -> u32 {
    let tracked = &flow.tracked;
    let rewritten = |yes: bool, bit: u32| if yes && flow.has_connection() { bit } else { 0 };
    flow.state().bit()
        | rewritten(tracked.source_rewritten, SNAT)
        | rewritten(tracked.destination_rewritten, DNAT)
}

/// Whether one of the bits is set; of an established connection it is not known whether it is assured.
fn statuses(flow: &Flow, mask: u32) -> Answer {
    let (sure, perhaps) = match flow.tracked.state {
        State::Established => (SEEN_REPLY | CONFIRMED, ASSURED),
        State::Related => (if flow.tracked.confirmed { CONFIRMED } else { 0 }, EXPECTED),
        _ if flow.tracked.confirmed => (CONFIRMED, 0),
        _ => (0, 0),
    };
    if mask & sure != 0 {
        Answer::Yes
    } else if mask & perhaps != 0 {
        Answer::Unknown
    } else {
        Answer::No
    }
}

impl Part {
    const fn address(self, flow: &Flow) -> u128 {
        let tracked = &flow.tracked;
        match self {
            Self::OriginalSource => tracked.original.source,
            Self::OriginalDestination => tracked.original.destination,
            Self::ReplySource => tracked.reply.source,
            Self::ReplyDestination => tracked.reply.destination,
        }
    }

    const fn port(self, flow: &Flow) -> u16 {
        let tracked = &flow.tracked;
        match self {
            Self::OriginalSource => tracked.original.source_port,
            Self::OriginalDestination => tracked.original.destination_port,
            Self::ReplySource => tracked.reply.source_port,
            Self::ReplyDestination => tracked.reply.destination_port,
        }
    }
}
