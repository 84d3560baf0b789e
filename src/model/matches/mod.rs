//! The matches that are understood: one file each, and one line in [`ALL`].

mod addrtype;
mod ah;
mod bpf;
mod cgroup;
mod cluster;
mod comment;
mod connbytes;
mod connlabel;
mod connlimit;
mod connmark;
mod conntrack;
mod cpu;
mod dccp;
mod devgroup;
mod dscp;
mod ecn;
mod esp;
mod eui64;
mod frag;
mod hashlimit;
mod helper;
mod icmp;
mod ipcomp;
mod iprange;
mod ipv6header;
mod ipvs;
mod length;
mod limit;
mod mac;
mod mark;
mod mh;
mod multiport;
mod nfacct;
mod options6;
mod osf;
mod owner;
mod physdev;
mod pkttype;
mod policy;
mod quota;
mod rateest;
mod realm;
mod recent;
mod rpfilter;
mod rt;
mod sctp;
mod set;
mod socket;
mod srh;
mod statistic;
mod string;
mod tcp;
mod tcpmss;
mod time;
mod tos;
mod ttl;
mod u32;
mod udp;

pub(super) use set::NAME as SET_NAME;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::Family;
use super::extension::Extension;

/// Every match that is understood.
pub static ALL: &[&Extension] = &[
    &addrtype::ADDRTYPE,
    &ah::AH,
    &ah::AH6,
    &bpf::BPF,
    &cgroup::CGROUP,
    &cluster::CLUSTER,
    &comment::COMMENT,
    &connbytes::CONNBYTES,
    &connlabel::CONNLABEL,
    &connlimit::CONNLIMIT,
    &connmark::CONNMARK,
    &conntrack::CONNTRACK,
    &conntrack::STATE,
    &cpu::CPU,
    &dccp::DCCP,
    &devgroup::DEVGROUP,
    &dscp::DSCP,
    &ecn::ECN,
    &esp::ESP,
    &eui64::EUI64,
    &frag::FRAG,
    &hashlimit::HASHLIMIT,
    &helper::HELPER,
    &icmp::ICMP,
    &icmp::ICMP6,
    &ipcomp::IPCOMP,
    &iprange::IPRANGE,
    &ipv6header::IPV6HEADER,
    &ipvs::IPVS,
    &length::LENGTH,
    &limit::LIMIT,
    &mac::MAC,
    &mark::MARK,
    &mh::MH,
    &multiport::MULTIPORT,
    &nfacct::NFACCT,
    &options6::DST,
    &options6::HBH,
    &osf::OSF,
    &owner::OWNER,
    &physdev::PHYSDEV,
    &pkttype::PKTTYPE,
    &policy::POLICY,
    &quota::QUOTA,
    &rateest::RATEEST,
    &realm::REALM,
    &recent::RECENT,
    &rpfilter::RPFILTER,
    &rt::RT,
    &sctp::SCTP,
    &set::SET,
    &socket::SOCKET,
    &srh::SRH,
    &statistic::STATISTIC,
    &string::STRING,
    &tcp::TCP,
    &tcpmss::TCPMSS,
    &time::TIME,
    &tos::TOS,
    &ttl::HL,
    &ttl::TTL,
    &u32::U32,
    &udp::UDP,
];

static NAMED: LazyLock<FxHashMap<&'static str, Vec<&'static Extension>>> =
    LazyLock::new(|| super::extension::by_name(ALL));

/// The match called `name` in `family`; where only the other family has it, that one.
#[must_use]
pub fn find(name: &str, family: Family) -> Option<&'static Extension> {
    super::extension::of_family(NAMED.get(name)?, family)
}
