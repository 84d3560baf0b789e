//! The targets that are understood: one file each, and one line in [`ALL`].

mod connmark;
mod ct;
mod log;
mod mark;
mod nat;
mod nflog;
mod nfqueue;
mod reject;
mod set;
mod standard;
mod tcpmss;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::Family;
use super::extension::Extension;

/// Every target that is understood.
pub static ALL: &[&Extension] = &[
    &standard::ACCEPT,
    &standard::DROP,
    &standard::RETURN,
    &standard::QUEUE,
    &connmark::CONNMARK,
    &ct::CT,
    &ct::NOTRACK,
    &log::LOG,
    &mark::MARK,
    &nat::DNAT,
    &nat::SNAT,
    &nat::MASQUERADE,
    &nat::REDIRECT,
    &nflog::NFLOG,
    &nfqueue::NFQUEUE,
    &reject::REJECT,
    &reject::REJECT6,
    &set::SET,
    &tcpmss::TCPMSS,
    &tcpmss::TCPMSS6,
];

static NAMED: LazyLock<FxHashMap<&'static str, Vec<&'static Extension>>> =
    LazyLock::new(|| super::extension::by_name(ALL));

/// The target called `name` in `family`; where only the other family has it, that one.
#[must_use]
pub fn find(name: &str, family: Family) -> Option<&'static Extension> {
    super::extension::of_family(NAMED.get(name)?, family)
}
