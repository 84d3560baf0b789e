//! The part of a rule that needs no extension: protocol, addresses, interfaces, fragments.

use std::ops::Range;

use crate::model::extension::{HookSet, Token};
use crate::source::Span;

/// An option that every rule can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseOption {
    /// `-s`
    Source,
    /// `-d`
    Destination,
    /// `-i`
    InInterface,
    /// `-o`
    OutInterface,
    /// `-p`
    Protocol,
    /// `-f`
    Fragment,
    /// `-m`
    Match,
    /// `-j`
    Jump,
    /// `-g`
    Goto,
    /// `-c`
    Counters,
    /// `-4`
    Ipv4,
    /// `-6`
    Ipv6,
    /// `-v`, `-M`: taken, and without meaning in a rule.
    Idle,
    /// A command, or an option that no rule may have.
    Refused,
}

impl BaseOption {
    /// The hooks from which a rule with this option can be reached.
    #[must_use]
    pub const fn hooks(self) -> HookSet {
        match self {
            Self::InInterface => HookSet::INCOMING,
            Self::OutInterface => HookSet::OUTGOING,
            _ => HookSet::ALL,
        }
    }

    /// Whether its value must be a word of its own: iptables 1.8.9 takes a whole word such as `-ptcp` for the value.
    #[must_use]
    pub const fn stands_apart(self) -> bool {
        matches!(
            self,
            Self::Source
                | Self::Destination
                | Self::InInterface
                | Self::OutInterface
                | Self::Protocol
                | Self::Jump
        )
    }

    /// Whether `!` may stand before it.
    #[must_use]
    pub const fn is_negatable(self) -> bool {
        matches!(
            self,
            Self::Source
                | Self::Destination
                | Self::InInterface
                | Self::OutInterface
                | Self::Protocol
                | Self::Fragment
                | Self::Ipv4
                | Self::Ipv6
        )
    }

    /// Whether it may stand once only.
    #[must_use]
    pub const fn is_single(self) -> bool {
        !matches!(self, Self::Match | Self::Ipv4 | Self::Ipv6 | Self::Idle)
    }

    /// The spelling that is printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "-s",
            Self::Destination => "-d",
            Self::InInterface => "-i",
            Self::OutInterface => "-o",
            Self::Protocol => "-p",
            Self::Fragment => "-f",
            Self::Match => "-m",
            Self::Jump => "-j",
            Self::Goto => "-g",
            Self::Counters => "-c",
            Self::Ipv4 => "-4",
            Self::Ipv6 => "-6",
            Self::Idle | Self::Refused => "-v",
        }
    }
}

/// How many values an option of the command takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    None,
    One,
    /// A value joined to it, or none.
    Joined,
}

/// A spelling of an option of the command.
#[derive(Debug)]
pub(super) struct Spelled {
    pub(super) long: &'static str,
    pub(super) short: u8,
    pub(super) arity: Arity,
    pub(super) option: BaseOption,
}

const fn spelled(long: &'static str, short: u8, arity: Arity, option: BaseOption) -> Spelled {
    Spelled { long, short, arity, option }
}

/// Every long option of the command; one without a long name has an empty one.
pub(super) static SPELLED: &[Spelled] = &[
    spelled("source", b's', Arity::One, BaseOption::Source),
    spelled("destination", b'd', Arity::One, BaseOption::Destination),
    spelled("protocol", b'p', Arity::One, BaseOption::Protocol),
    spelled("in-interface", b'i', Arity::One, BaseOption::InInterface),
    spelled("out-interface", b'o', Arity::One, BaseOption::OutInterface),
    spelled("match", b'm', Arity::One, BaseOption::Match),
    spelled("jump", b'j', Arity::One, BaseOption::Jump),
    spelled("goto", b'g', Arity::One, BaseOption::Goto),
    spelled("fragments", b'f', Arity::None, BaseOption::Fragment),
    spelled("src", b's', Arity::One, BaseOption::Source),
    spelled("dst", b'd', Arity::One, BaseOption::Destination),
    spelled("set-counters", b'c', Arity::One, BaseOption::Counters),
    spelled("ipv4", b'4', Arity::None, BaseOption::Ipv4),
    spelled("ipv6", b'6', Arity::None, BaseOption::Ipv6),
    spelled("verbose", b'v', Arity::None, BaseOption::Idle),
    spelled("modprobe", b'M', Arity::One, BaseOption::Idle),
    spelled("append", b'A', Arity::One, BaseOption::Refused),
    spelled("delete", b'D', Arity::One, BaseOption::Refused),
    spelled("check", b'C', Arity::One, BaseOption::Refused),
    spelled("insert", b'I', Arity::One, BaseOption::Refused),
    spelled("replace", b'R', Arity::One, BaseOption::Refused),
    spelled("list", b'L', Arity::Joined, BaseOption::Refused),
    spelled("list-rules", b'S', Arity::Joined, BaseOption::Refused),
    spelled("flush", b'F', Arity::Joined, BaseOption::Refused),
    spelled("zero", b'Z', Arity::Joined, BaseOption::Refused),
    spelled("new-chain", b'N', Arity::One, BaseOption::Refused),
    spelled("delete-chain", b'X', Arity::Joined, BaseOption::Refused),
    spelled("rename-chain", b'E', Arity::One, BaseOption::Refused),
    spelled("policy", b'P', Arity::One, BaseOption::Refused),
    spelled("table", b't', Arity::One, BaseOption::Refused),
    spelled("numeric", b'n', Arity::None, BaseOption::Refused),
    spelled("wait", b'w', Arity::Joined, BaseOption::Refused),
    spelled("wait-interval", b'W', Arity::Joined, BaseOption::Refused),
    spelled("exact", b'x', Arity::None, BaseOption::Refused),
    spelled("version", b'V', Arity::None, BaseOption::Refused),
    spelled("help", b'h', Arity::Joined, BaseOption::Refused),
    spelled("line-numbers", 0, Arity::None, BaseOption::Refused),
];

/// An option's value, and whether a `!` stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negated<T> {
    /// Whether a `!` stands before it.
    pub negated: bool,
    /// The value.
    pub value: T,
}

/// A given option of the base part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) negated: bool,
    pub(super) token: Token,
    pub(super) span: Span,
}

/// Which of the rule's addresses an option gave.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    pub(super) place: Place,
    pub(super) range: Range<usize>,
}

/// The base part of a rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Base {
    pub(super) protocol: Option<(u8, Place)>,
    pub(super) source: Option<Addresses>,
    pub(super) destination: Option<Addresses>,
    pub(super) in_interface: Option<Place>,
    pub(super) out_interface: Option<Place>,
    pub(super) fragment: Option<Place>,
    pub(super) counters: Option<Place>,
    /// The packets and bytes behind `-c`.
    pub(super) counted: Option<[u64; 2]>,
    /// `-4` in a rule of IPv6, or `-6` in one of IPv4: iptables-restore passes the rule over.
    pub(super) foreign: bool,
}
