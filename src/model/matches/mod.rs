//! The matches that are understood: one file each, and one line in [`ALL`].

mod addrtype;
mod comment;
mod connmark;
mod conntrack;
mod icmp;
mod iprange;
mod limit;
mod mac;
mod mark;
mod multiport;
mod owner;
mod physdev;
mod recent;
mod set;
mod statistic;
mod tcp;
mod udp;

pub(super) use set::NAME as SET_NAME;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::Family;
use super::extension::Extension;

/// Every match that is understood.
pub static ALL: &[&Extension] = &[
    &addrtype::ADDRTYPE,
    &comment::COMMENT,
    &connmark::CONNMARK,
    &conntrack::CONNTRACK,
    &conntrack::STATE,
    &icmp::ICMP,
    &icmp::ICMP6,
    &iprange::IPRANGE,
    &limit::LIMIT,
    &mac::MAC,
    &mark::MARK,
    &multiport::MULTIPORT,
    &owner::OWNER,
    &physdev::PHYSDEV,
    &recent::RECENT,
    &set::SET,
    &statistic::STATISTIC,
    &tcp::TCP,
    &udp::UDP,
];

static NAMED: LazyLock<FxHashMap<&'static str, Vec<&'static Extension>>> =
    LazyLock::new(|| super::extension::by_name(ALL));

/// The match called `name` in `family`; where only the other family has it, that one.
#[must_use]
pub fn find(name: &str, family: Family) -> Option<&'static Extension> {
    super::extension::of_family(NAMED.get(name)?, family)
}
