//! What `-D` takes for equal though it is not.
//!
//! iptables 1.8.9 over nft compares the addresses of IPv6 rules without their prefix lengths (`nft_ipv6_is_same`): asked to
//! delete `-d 2001:db8::/48` it takes away `-d 2001:db8::/32` where that comes first.

use std::borrow::Cow;

use crate::model::Family;

/// The canonical text with what `-D` does not look at left out: rules with the same are one and the same to it.
pub(super) fn loose(canonical: &str, family: Family) -> Cow<'_, str> {
    if family == Family::Ipv4 {
        return Cow::Borrowed(canonical);
    }
    let mut out = String::new();
    let mut rest = canonical;
    // Addresses come first: `! -s 2001:db8::/32 -d ::1/128 …`.
    while let Some((negation, option, address, behind)) = address(rest) {
        let address = address.split('/').next().unwrap_or_default();
        // An address of zeros is what a rule without one has.
        if !negation.is_empty() || address != "::" {
            out.extend([negation, option, address, " "]);
        }
        rest = behind;
    }
    if rest.len() == canonical.len() {
        return Cow::Borrowed(canonical);
    }
    Cow::Owned(out + rest)
}

/// The negation, the option and the value of the address that a text begins with, and what follows.
fn address(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (negation, behind) = match text.strip_prefix("! ") {
        Some(behind) => ("! ", behind),
        None => ("", text),
    };
    let (option, value) =
        behind.split_at_checked(3).filter(|(option, _)| matches!(*option, "-s " | "-d "))?;
    let (address, behind) = value.split_once(' ').unwrap_or((value, ""));
    Some((negation, option, address, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_lengths_of_ipv6_do_not_count() {
        let same = [
            ("-d 2001:db8::/48 -j DROP", "-d 2001:db8::/32 -j DROP"),
            ("-d ::/1 -j DROP", "-j DROP"),
            ("-s ::/1", ""),
            ("! -s fe80::/10 -d ::1/128", "! -s fe80::/64 -d ::1/128"),
        ];
        for (one, other) in same {
            assert_eq!(loose(one, Family::Ipv6), loose(other, Family::Ipv6));
        }
        for (one, other) in [("-s fe80::/10", "-d fe80::/10"), ("! -s ::/1", ""), ("-s ::1/128", "")] {
            assert_ne!(loose(one, Family::Ipv6), loose(other, Family::Ipv6));
        }
        assert_ne!(loose("-s 10.0.0.0/8", Family::Ipv4), loose("-s 10.0.0.0/16", Family::Ipv4));
    }
}
