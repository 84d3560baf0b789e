//! What a set of addresses holds: an entry of the kernel's `hash:net` sets, as `ipset save` prints it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Family;

/// An address, or all that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// The bits behind the prefix are zero.
    address: IpAddr,
    prefix: u8,
}

impl Entry {
    /// Reads an address with or without the length of a prefix; bits behind the prefix do not count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().ok()?;
        let longest = longest(address);
        let is_number = |prefix: &str| !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = match prefix {
            None => longest,
            Some(prefix) if is_number(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= longest)?,
            Some(_) => return None,
        };
        Some(Self { address: masked(address, prefix), prefix })
    }

    /// The family that it is of.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self.address {
            IpAddr::V4(_) => Family::Ipv4,
            IpAddr::V6(_) => Family::Ipv6,
        }
    }

    /// The entry as a set can hold it: a prefix of no bits is not among what it can, but its two halves are
    /// (`NLA_POLICY` of `IPSET_ATTR_CIDR`, `net/netfilter/ipset/ip_set_hash_net.c`).
    pub fn storable(self) -> impl Iterator<Item = Self> {
        let upper = match self.address {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(1 << 31)),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(1 << 127)),
        };
        let is_any = self.prefix == 0;
        let lower = Self { prefix: self.prefix.max(1), ..self };
        [Some(lower), is_any.then_some(Self { address: upper, prefix: 1 })].into_iter().flatten()
    }
}

const fn longest(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    let behind = u32::from(longest(address) - prefix);
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(behind).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(behind).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)?;
        if self.prefix < longest(self.address) { write!(f, "/{}", self.prefix) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> Option<String> {
        Entry::parse(text).map(|entry| entry.to_string())
    }

    #[test]
    fn entries_are_spelled_as_the_kernel_spells_them() {
        for (text, expected) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("1.2.3.4/32", "1.2.3.4"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("::1/128", "::1"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(spelled(text).as_deref(), Some(expected));
        }
        for text in ["10.0.0.0/33", "1.2.3", "::/129", "1.2.3.4/", "1.2.3.4/+8", "", "example.org"] {
            assert_eq!(spelled(text), None, "{text}");
        }
    }

    #[test]
    fn every_address_is_stored_as_two_halves() {
        let halves = |text: &str| -> Vec<String> {
            Entry::parse(text).unwrap().storable().map(|entry| entry.to_string()).collect()
        };
        assert_eq!(halves("0.0.0.0/0"), ["0.0.0.0/1", "128.0.0.0/1"]);
        assert_eq!(halves("::/0"), ["::/1", "8000::/1"]);
        assert_eq!(halves("10.0.0.0/8"), ["10.0.0.0/8"]);
    }
}
