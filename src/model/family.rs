//! The two protocol families that iptables and ip6tables rule over.

/// IPv4 (iptables) or IPv6 (ip6tables).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Family {
    /// iptables.
    #[default]
    Ipv4,
    /// ip6tables.
    Ipv6,
}

impl Family {
    /// `ipv4` or `ipv6`, as scripts and JSON spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }
}
