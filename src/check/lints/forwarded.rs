//! The rules of users on the way of forwarded packets, and which of them takes a packet first.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::condition::{Condition, Test};
use super::probe::{Answer, Probe};
use super::view::{Rule, Subnets, Then, View};
use crate::check::added_by;
use crate::docker::{self, USER_CHAIN, is_own_chain};
use crate::model::value::address::{self, Address};
use crate::model::value::protocols;
use crate::model::{ChainId, Family, Hook, RuleId, TableName};

/// The most jumps inside each other that are followed.
const DEEPEST: usize = 16;

/// DOCKER-USER.
pub(super) fn user_chain(view: &View<'_>) -> Option<ChainId> {
    view.chain(TableName::Filter, USER_CHAIN)
}

/// The chains that a chain of the filter table leads to, itself first; Docker's own are left out.
pub(super) fn reach(view: &View<'_>, from: impl IntoIterator<Item = ChainId>) -> Vec<ChainId> {
    let mut seen: FxHashSet<ChainId> = FxHashSet::default();
    let mut open: Vec<ChainId> = from.into_iter().collect();
    open.reverse();
    let mut found = Vec::new();
    while let Some(chain) = open.pop() {
        if is_own_chain(TableName::Filter, view.name(chain)) || !seen.insert(chain) {
            continue;
        }
        found.push(chain);
        let Some(rules) = view.typed(chain) else { continue };
        open.extend(rules.iter().rev().filter_map(|rule| match rule.then {
            Then::Jump(to) | Then::Goto(to) => Some(to),
            _ => None,
        }));
    }
    found
}

/// The chains that forwarded packets pass: FORWARD, DOCKER-USER and what these lead to, Docker's own left out.
pub(super) fn chains(view: &View<'_>) -> Vec<ChainId> {
    let forward = view.builtin(TableName::Filter, Hook::Forward);
    reach(view, forward.into_iter().chain(user_chain(view)))
}

/// Whether a rule is Docker's: one that a script adds is not, whatever it looks like.
pub(super) fn is_docker(view: &View<'_>, chain: ChainId, rule: RuleId) -> bool {
    added_by(view.ruleset(), rule).is_none() && view.owned().is_docker(chain, rule)
}

/// Calls `look` with each rule of these chains that is not Docker's.
pub(super) fn each(view: &View<'_>, chains: &[ChainId], mut look: impl FnMut(&Rule)) {
    for chain in chains {
        let Some(rules) = view.typed(*chain) else { continue };
        for rule in rules.iter().filter(|rule| !is_docker(view, *chain, rule.id)) {
            look(rule);
        }
    }
}

/// The interface that a rule asks for, negated ones left out.
pub(super) fn into(rule: &Rule) -> Option<&str> {
    rule.conditions.iter().find_map(|one| match &one.test {
        Test::In(name) if !one.negated => Some(name.as_str()),
        _ => None,
    })
}

/// The same of the interface that packets leave by.
pub(super) fn out(rule: &Rule) -> Option<&str> {
    rule.conditions.iter().find_map(|one| match &one.test {
        Test::Out(name) if !one.negated => Some(name.as_str()),
        _ => None,
    })
}

/// The destination ports that a rule asks for, and the protocol's number.
pub(super) fn ports(rule: &Rule) -> Option<(u8, &[(u16, u16)])> {
    let protocol = asked_protocol(rule)?;
    let ranges = rule.conditions.iter().find_map(|one| match &one.test {
        Test::DestinationPorts(ranges) if !one.negated => Some(ranges.as_slice()),
        _ => None,
    })?;
    Some((protocol, ranges))
}

/// The number of the protocol that a rule asks for.
pub(super) fn asked_protocol(rule: &Rule) -> Option<u8> {
    rule.conditions.iter().find_map(|one| match one.test {
        Test::Protocol(number) if !one.negated => Some(number),
        _ => None,
    })
}

/// The port that clients dialled, before DNAT, which a rule asks for.
pub(super) fn dialled(rule: &Rule) -> Option<(u16, u16)> {
    rule.conditions.iter().filter(|one| !one.negated).find_map(dialled_by)
}

fn dialled_by(condition: &Condition) -> Option<(u16, u16)> {
    let Test::Other { name, text, .. } = &condition.test else { return None };
    let text = text.strip_prefix("ctorigdstport ").filter(|_| name == "conntrack")?;
    let (from, to) = text.split_once(':').unwrap_or((text, text));
    Some((from.parse().ok()?, to.parse().ok()?))
}

/// Whether an interface that a rule names, `+` at its end for any that begins so, is a bridge of Docker's.
pub(super) fn is_bridge(view: &View<'_>, name: &str) -> bool {
    name.starts_with("docker") || docker::is_generated(name) || view.bridges().contains(name)
}

/// The bridge that a rule masquerades a subnet for, if it is like the one that Docker writes for each network.
pub(super) fn masqueraded(rule: &Rule) -> Option<&str> {
    let [one, other] = rule.conditions.as_slice() else { return None };
    match (&one.test, &other.test) {
        (Test::Source(_), Test::Out(bridge)) if !one.negated && other.negated => Some(bridge),
        _ => None,
    }
}

/// The number of a protocol of published ports.
pub(super) fn protocol(name: &str) -> u8 {
    match name {
        "udp" => protocols::UDP,
        "sctp" => protocols::SCTP,
        _ => protocols::TCP,
    }
}

/// An address that no rule is likely to name.
pub(super) const fn stranger(family: Family) -> Address {
    match family {
        Family::Ipv4 => Address::V4 { address: 0x9161_279b, mask: u32::MAX },
        Family::Ipv6 => Address::V6 { address: 0x2a0d_5600_0041_0007_0000_0000_0000_9b27, mask: u128::MAX },
    }
}

/// Docker's bridges, each with the subnets of its network; none where there are too many rules to ask.
pub(super) fn subnets(view: &View<'_>) -> Rc<Subnets> {
    view.subnets(|| {
        if !view.is_whole() {
            return Vec::new();
        }
        let parse = |text: &String| address::parse(text, view.family()).ok();
        let networks = docker::networks(view.ruleset()).into_iter();
        networks.map(|network| (network.bridge, network.subnets.iter().filter_map(parse).collect())).collect()
    })
}

/// The address in a subnet that is this many behind its first.
pub(super) const fn nth(subnet: Address, number: u8) -> Address {
    match subnet {
        Address::V4 { address, mask } => {
            Address::V4 { address: (address & mask).saturating_add(number as u32), mask: u32::MAX }
        }
        Address::V6 { address, mask } => {
            Address::V6 { address: (address & mask).saturating_add(number as u128), mask: u128::MAX }
        }
    }
}

/// Who takes a packet that comes to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taker {
    /// This rule drops it, or accepts it.
    Rule { rule: RuleId, drops: bool, is_limit: bool },
    /// Nobody: it goes back to where it came from.
    Nobody,
    /// That depends on what is not known of it.
    Unknown,
}

/// The first rule that takes a packet; `meets` says whether a rule matches it.
pub(super) fn taker(view: &View<'_>, chain: ChainId, meets: &impl Fn(&Rule) -> Answer) -> Taker {
    walk(view, chain, meets, (false, DEEPEST))
}

fn walk(
    view: &View<'_>,
    chain: ChainId,
    meets: &impl Fn(&Rule) -> Answer,
    (limited, depth): (bool, usize),
) -> Taker {
    let Some(rules) = view.typed(chain).filter(|_| depth > 0) else { return Taker::Unknown };
    for rule in rules.iter() {
        let answer = meets(rule);
        if answer == Answer::No || rule.then == Then::Next {
            continue;
        }
        if answer == Answer::Maybe {
            return Taker::Unknown;
        }
        let is_limit = limited || is_limit(rule);
        match rule.then {
            Then::Next => {}
            Then::Accept => return Taker::Rule { rule: rule.id, drops: false, is_limit },
            Then::Drop => return Taker::Rule { rule: rule.id, drops: true, is_limit },
            Then::Return => return Taker::Nobody,
            Then::Jump(to) => match walk(view, to, meets, (is_limit, depth - 1)) {
                Taker::Nobody => {}
                taken => return taken,
            },
            Then::Goto(to) => return walk(view, to, meets, (is_limit, depth - 1)),
            Then::Unknown => return Taker::Unknown,
        }
    }
    Taker::Nobody
}

/// Whether a rule is about who may come in, and does not say where from: no interface is named.
fn is_limit(rule: &Rule) -> bool {
    let has_interface = rule.conditions.iter().any(|one| matches!(one.test, Test::In(_)));
    let limits = |one: &Condition| match &one.test {
        Test::Source(_) => one.negated,
        Test::Other { name, text, .. } if name == "iprange" => one.negated && text.starts_with("src-range "),
        _ => is_friends(one) || !one.negated && dialled_by(one).is_some(),
    };
    !has_interface && rule.conditions.iter().any(limits)
}

/// Whether it asks for sources that are not in a set: whoever is meant to be let in, and hardly the host's containers.
fn is_friends(condition: &Condition) -> bool {
    let Test::Other { name, text, .. } = &condition.test else { return false };
    let of_source = |text: &str| text.split([' ', ',']).nth(2) == Some("src");
    condition.negated && name == "set" && text.starts_with("match-set ") && of_source(text)
}

/// How a rule answers a packet of a connection that a container opened itself. `is_answer` says that it goes back to the
/// container, from the port that was dialled, which may be any.
pub(super) fn meets(probe: &Probe, rule: &Rule, is_answer: bool) -> Answer {
    let answer = |one: &Condition| match &one.test {
        Test::Original(original) if is_answer => {
            if *original == one.negated {
                Answer::Yes
            } else {
                Answer::No
            }
        }
        _ if !one.negated && rule.then == Then::Drop && dialled_by(one).is_some() => Answer::Yes,
        _ if rule.then == Then::Drop && is_friends(one) => Answer::Yes,
        _ => probe.meets(std::slice::from_ref(one)),
    };
    rule.conditions.iter().map(answer).min().unwrap_or(Answer::Yes)
}
