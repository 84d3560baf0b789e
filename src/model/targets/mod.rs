//! The targets that are understood: one file each, and one line in [`ALL`].

mod audit;
mod checksum;
mod classify;
mod clusterip;
mod connmark;
mod connsecmark;
mod ct;
mod dscp;
mod ecn;
mod hmark;
mod idletimer;
mod led;
mod log;
mod mark;
mod nat;
mod netmap;
mod nflog;
mod nfqueue;
mod npt;
mod rateest;
mod reject;
mod secmark;
mod set;
mod standard;
mod synproxy;
mod tcpmss;
mod tcpoptstrip;
mod tee;
mod tos;
mod tproxy;
mod trace;
mod ttl;
mod ulog;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::Family;
use super::extension::Extension;

/// Every target that is understood.
pub static ALL: &[&Extension] = &[
    &audit::AUDIT,
    &checksum::CHECKSUM,
    &classify::CLASSIFY,
    &clusterip::CLUSTERIP,
    &connmark::CONNMARK,
    &connsecmark::CONNSECMARK,
    &ct::CT,
    &ct::NOTRACK,
    &dscp::DSCP,
    &ecn::ECN,
    &hmark::HMARK,
    &idletimer::IDLETIMER,
    &led::LED,
    &log::LOG,
    &mark::MARK,
    &nat::DNAT,
    &nat::MASQUERADE,
    &nat::REDIRECT,
    &nat::SNAT,
    &netmap::NETMAP,
    &nflog::NFLOG,
    &nfqueue::NFQUEUE,
    &npt::DNPT,
    &npt::SNPT,
    &rateest::RATEEST,
    &reject::REJECT,
    &reject::REJECT6,
    &secmark::SECMARK,
    &set::SET,
    &standard::ACCEPT,
    &standard::DROP,
    &standard::QUEUE,
    &standard::RETURN,
    &synproxy::SYNPROXY,
    &tcpmss::TCPMSS,
    &tcpmss::TCPMSS6,
    &tcpoptstrip::TCPOPTSTRIP,
    &tee::TEE,
    &tos::TOS,
    &tproxy::TPROXY,
    &trace::TRACE,
    &ttl::HL,
    &ttl::TTL,
    &ulog::ULOG,
];

static NAMED: LazyLock<FxHashMap<&'static str, Vec<&'static Extension>>> =
    LazyLock::new(|| super::extension::by_name(ALL));

/// The target called `name` in `family`; where only the other family has it, that one.
#[must_use]
pub fn find(name: &str, family: Family) -> Option<&'static Extension> {
    super::extension::of_family(NAMED.get(name)?, family)
}
