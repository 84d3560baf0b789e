//! The table of protocols: their numbers and names.
//!
//! Source: `xtables_chain_protos` in libxtables, then Debian's `/etc/protocols`, as iptables asks them.

/// TCP.
pub const TCP: u8 = 6;
/// UDP.
pub const UDP: u8 = 17;
/// ICMP, of IPv4.
pub const ICMP: u8 = 1;
/// ICMP, of IPv6.
pub const ICMPV6: u8 = 58;
/// Datagram congestion control.
pub const DCCP: u8 = 33;
/// Stream control transmission.
pub const SCTP: u8 = 132;
/// UDP whose checksum may cover a part only.
pub const UDPLITE: u8 = 136;
/// Encapsulating security payload.
pub const ESP: u8 = 50;
/// Authentication header.
pub const AH: u8 = 51;
/// IP payload compression.
pub const IPCOMP: u8 = 108;
/// Mobility header.
pub const MOBILITY: u8 = 135;

/// Names that iptables knows itself; the first of a number is the one it prints.
pub(super) const BUILT_IN: &[(&str, u8)] = &[
    ("tcp", TCP),
    ("sctp", SCTP),
    ("udp", UDP),
    ("udplite", UDPLITE),
    ("icmp", ICMP),
    ("ipv6-icmp", ICMPV6),
    ("icmpv6", ICMPV6),
    ("esp", ESP),
    ("ah", AH),
    ("mobility-header", MOBILITY),
    ("ipv6-mh", MOBILITY),
    ("mh", MOBILITY),
    ("all", 0),
];

/// Names of `/etc/protocols` besides: name, number, alias.
pub(super) const LISTED: &[(&str, u8, &str)] = &[
    ("ip", 0, "IP"),
    ("hopopt", 0, "HOPOPT"),
    ("igmp", 2, "IGMP"),
    ("ggp", 3, "GGP"),
    ("ipencap", 4, "IP-ENCAP"),
    ("st", 5, "ST"),
    ("egp", 8, "EGP"),
    ("igp", 9, "IGP"),
    ("pup", 12, "PUP"),
    ("hmp", 20, "HMP"),
    ("xns-idp", 22, "XNS-IDP"),
    ("rdp", 27, "RDP"),
    ("iso-tp4", 29, "ISO-TP4"),
    ("dccp", DCCP, "DCCP"),
    ("xtp", 36, "XTP"),
    ("ddp", 37, "DDP"),
    ("idpr-cmtp", 38, "IDPR-CMTP"),
    ("ipv6", 41, "IPv6"),
    ("ipv6-route", 43, "IPv6-Route"),
    ("ipv6-frag", 44, "IPv6-Frag"),
    ("idrp", 45, "IDRP"),
    ("rsvp", 46, "RSVP"),
    ("gre", 47, "GRE"),
    ("skip", 57, "SKIP"),
    ("ipv6-nonxt", 59, "IPv6-NoNxt"),
    ("ipv6-opts", 60, "IPv6-Opts"),
    ("rspf", 73, "RSPF"),
    ("vmtp", 81, "VMTP"),
    ("eigrp", 88, "EIGRP"),
    ("ospf", 89, "OSPFIGP"),
    ("ax.25", 93, "AX.25"),
    ("ipip", 94, "IPIP"),
    ("etherip", 97, "ETHERIP"),
    ("encap", 98, "ENCAP"),
    ("pim", 103, "PIM"),
    ("ipcomp", IPCOMP, "IPCOMP"),
    ("vrrp", 112, "VRRP"),
    ("l2tp", 115, "L2TP"),
    ("isis", 124, "ISIS"),
    ("fc", 133, "FC"),
    ("mpls-in-ip", 137, "MPLS-in-IP"),
    ("manet", 138, "manet"),
    ("hip", 139, "HIP"),
    ("shim6", 140, "Shim6"),
    ("wesp", 141, "WESP"),
    ("rohc", 142, "ROHC"),
    ("ethernet", 143, "Ethernet"),
];

/// Aliases of `/etc/protocols` for what iptables knows itself; of the number of MPTCP, 262, the kernel keeps the last eight
/// bits.
pub(super) const ALIASES: &[(&str, u8)] = &[
    ("ICMP", ICMP),
    ("TCP", TCP),
    ("UDP", UDP),
    ("IPSEC-ESP", ESP),
    ("IPSEC-AH", AH),
    ("IPv6-ICMP", ICMPV6),
    ("SCTP", SCTP),
    ("Mobility-Header", MOBILITY),
    ("UDPLite", UDPLITE),
    ("CPHB", 73),
    ("mptcp", TCP),
    ("MPTCP", TCP),
];

/// The name that iptables-save prints for `number`, where there is one; 0 is `all`.
#[must_use]
pub fn known_name(number: u8) -> Option<&'static str> {
    let built_in = BUILT_IN.iter().find(|(_, of)| *of == number).map(|(name, _)| *name);
    built_in.or_else(|| LISTED.iter().find(|(_, of, _)| *of == number).map(|(name, ..)| *name))
}

/// The name that iptables-save prints for `number`, or the number itself.
#[must_use]
pub fn name(number: u8) -> String {
    known_name(number).map_or_else(|| number.to_string(), str::to_owned)
}
