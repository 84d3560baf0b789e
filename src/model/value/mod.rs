//! The values of options: what is taken, what is refused, and how iptables-save prints them.
//!
//! One function of each kind does both: it checks the words and appends the canonical text to a [`Sink`], which may drop it.

pub mod address;
pub mod argument;
mod dscp;
pub mod fault;
pub mod host;
pub mod hostfile;
pub mod interface;
pub mod mac;
pub mod mask;
pub mod names;
pub mod number;
pub mod port;
pub mod protocol;
pub mod protocols;
pub mod sink;
pub mod text;
pub mod tos;

pub use argument::{Argument, ProtocolSoFar};
pub use fault::SpecErrorKind;
pub use names::{Flags, Keyword, Spelling};
pub use number::{Number, NumberRange};
pub use port::Reading;
pub use sink::Sink;
pub use text::Text;

use super::Family;

/// What stands behind an option.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// Nothing.
    Nothing,
    /// A number.
    Number(Number),
    /// One number or `from:to`.
    NumberRange(NumberRange),
    /// One port or `from:to`.
    PortRange(Reading),
    /// Ports and ranges with commas.
    PortList,
    /// `value/mask`, in hexadecimal.
    Mask,
    /// A protocol, printed as its number.
    Protocol,
    /// An address.
    Host(host::Mask),
    /// The length of a prefix.
    Prefix,
    /// `value/mask` or a name that this host gives to a value.
    Named(hostfile::HostFile),
    /// A class of differentiated services, printed as its code point.
    DscpClass,
    /// The type of service, `value/mask`.
    Tos,
    /// The name of a network interface.
    Interface,
    /// A hardware address.
    Mac,
    /// Free text.
    Text(Text),
    /// One name of a list.
    Keyword(&'static Keyword),
    /// Names of a list, with commas.
    Flags(&'static Flags),
    /// What only one extension has.
    Custom(&'static Custom),
    /// The same, and it may be left out.
    Optional(&'static Custom),
}

/// A value that only one extension, or a family of them, has.
#[derive(Debug)]
pub struct Custom {
    /// How many words it takes: one or two.
    pub words: usize,
    /// Checks it and prints it.
    pub read: fn(&Argument<'_>, &mut Sink<'_>) -> Result<(), SpecErrorKind>,
    /// Values that it takes, for tests and for the reference.
    pub samples: Samples,
}

/// Values that an option takes.
#[derive(Clone, Copy, Debug)]
pub enum Samples {
    /// In either family.
    Either(&'static [&'static str]),
    /// In IPv4, and in IPv6.
    Each(&'static [&'static str], &'static [&'static str]),
}

impl Samples {
    /// The values for rules of `family`.
    #[must_use]
    pub const fn of(self, family: Family) -> &'static [&'static str] {
        match self {
            Self::Either(values) => values,
            Self::Each(of_ipv4, of_ipv6) => match family {
                Family::Ipv4 => of_ipv4,
                Family::Ipv6 => of_ipv6,
            },
        }
    }
}

impl Value {
    /// A number from `min` to `max`.
    #[must_use]
    pub const fn number(min: u64, max: u64) -> Self {
        Self::Number(Number::new(min, max))
    }

    /// How many words it takes at the most.
    #[must_use]
    pub const fn words(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Custom(custom) | Self::Optional(custom) => custom.words,
            _ => 1,
        }
    }

    /// Checks `argument` and appends its canonical text to `out`.
    ///
    /// # Errors
    /// Where iptables would not take it.
    pub fn read(&self, argument: &Argument<'_>, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
        match self {
            Self::Nothing => Ok(()),
            Self::Number(number) => number.read(argument, out),
            Self::NumberRange(range) => range.read(argument, out),
            Self::PortRange(reading) => port::read_range(*reading, argument, out),
            Self::PortList => port::read_list(argument, out),
            Self::Mask => mask::read(argument, out),
            Self::Protocol => protocol::read(argument, out),
            Self::Host(mask) => host::read(*mask, argument, out),
            Self::Prefix => host::read_prefix(argument, out),
            Self::Named(file) => mask::read_named(*file, argument, out),
            Self::DscpClass => dscp::read(argument, out),
            Self::Tos => tos::read(argument, out),
            Self::Interface => interface::read(argument, out),
            Self::Mac => mac::read(argument, out),
            Self::Text(text) => text.read(argument, out),
            Self::Keyword(keyword) => keyword.read(argument, out),
            Self::Flags(flags) => flags.read(argument, out),
            Self::Custom(custom) | Self::Optional(custom) => (custom.read)(argument, out),
        }
    }
}
