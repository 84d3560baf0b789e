//! Addresses as numbers: those of IPv4 stand in the last 32 bits.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::model::Family;
use crate::model::value::address::{mask_v4, mask_v6};

/// The address as a number.
pub(super) fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The address of `family` that the number stands for.
#[expect(clippy::cast_possible_truncation, reason = "an address of IPv4 stands in the last 32 bits")]
pub(super) const fn address(bits: u128, family: Family) -> IpAddr {
    match family {
        Family::Ipv4 => IpAddr::V4(Ipv4Addr::from_bits(bits as u32)),
        Family::Ipv6 => IpAddr::V6(Ipv6Addr::from_bits(bits)),
    }
}

/// The family of an address.
pub(super) const fn family(address: IpAddr) -> Family {
    match address {
        IpAddr::V4(_) => Family::Ipv4,
        IpAddr::V6(_) => Family::Ipv6,
    }
}

/// The mask of a prefix of `length` bits.
pub(super) fn mask(length: u8, family: Family) -> u128 {
    match family {
        Family::Ipv4 => mask_v4(length.into()).into(),
        Family::Ipv6 => mask_v6(length.into()),
    }
}

/// An address and the length of its network's prefix: `172.17.0.1/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subnet {
    /// The address, the bits behind the prefix included: an interface's own address keeps them.
    pub address: IpAddr,
    /// The length of the prefix.
    pub length: u8,
}

impl Subnet {
    /// The network of one address alone.
    #[must_use]
    pub const fn host(address: IpAddr) -> Self {
        let length = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        Self { address, length }
    }

    /// Every address of `family`.
    #[must_use]
    pub const fn everything(family: Family) -> Self {
        Self { address: address(0, family), length: 0 }
    }

    /// Its family.
    #[must_use]
    pub const fn family(&self) -> Family {
        family(self.address)
    }

    /// Whether `address` is in the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.family() == family(address) && self.holds(bits(address))
    }

    /// The same for an address of the same family as a number.
    pub(super) fn holds(&self, address: u128) -> bool {
        (bits(self.address) ^ address) & mask(self.length, self.family()) == 0
    }

    /// The address `number` places behind the network's first.
    pub(super) fn nth(&self, number: u128) -> u128 {
        let mask = mask(self.length, self.family());
        (bits(self.address) & mask) | (number & !mask)
    }

    /// The broadcast address, where the network has one.
    pub(super) fn broadcast(&self) -> Option<u128> {
        let whole = u128::from(u32::MAX);
        let mask = mask(self.length, Family::Ipv4);
        (self.family() == Family::Ipv4 && self.length < 31).then(|| bits(self.address) | (whole & !mask))
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.length)
    }
}

impl FromStr for Subnet {
    type Err = NotSubnet;

    fn from_str(text: &str) -> Result<Self, NotSubnet> {
        let wrong = || NotSubnet(text.to_owned());
        let (address, length) = text.split_once('/').map_or((text, None), |(head, tail)| (head, Some(tail)));
        let whole = Self::host(address.parse().map_err(|_| wrong())?);
        let Some(length) = length else { return Ok(whole) };
        let length = length.parse().ok().filter(|length| *length <= whole.length).ok_or_else(wrong)?;
        Ok(Self { length, ..whole })
    }
}

/// Why a text is no address with a prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address; write it as in `172.17.0.1/16` or `2001:db8::1/64`")]
pub struct NotSubnet(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let net: Subnet = "172.17.0.1/16".parse().unwrap();
        assert!(net.contains("172.17.200.3".parse().unwrap()));
        assert!(!net.contains("172.18.0.1".parse().unwrap()));
        assert!(!net.contains("::1".parse().unwrap()));
        assert_eq!(address(net.nth(2), Family::Ipv4).to_string(), "172.17.0.2");
        assert_eq!(
            net.broadcast().map(|bits| address(bits, Family::Ipv4).to_string()).unwrap(),
            "172.17.255.255"
        );
        assert_eq!(net.to_string(), "172.17.0.1/16");
        assert!("172.17.0.1/33".parse::<Subnet>().is_err());
        assert!("x".parse::<Subnet>().is_err());
    }
}
