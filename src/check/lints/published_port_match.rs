//! Rules on the way of forwarded packets that ask for a published port as clients dial it, which DNAT has changed by then.

use super::condition::Test;
use super::forwarded;
use super::view::{Rule, Then, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::docker::Published;
use crate::model::value::address::{self, Address};

pub(super) const LINT: Lint = Lint {
    code: "published-port-match",
    about: "a destination port in DOCKER-USER or FORWARD is the container's, not the dialled one: DNAT came first",
    explanation: include_str!("published_port_match.md"),
    looks: Looks::AtOne(run),
    of_forwarded: true,
};

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    let published = view.published();
    if published.is_empty() {
        return;
    }
    let subnets: Vec<Address> =
        forwarded::subnets(view).iter().flat_map(|(_, subnets)| subnets).copied().collect();
    forwarded::each(view, &forwarded::chains(view), |rule| {
        // A rule that asks for the dialled port as well means the container's by the other one.
        if forwarded::dialled(rule).is_some() {
            return;
        }
        let Some((protocol, ranges)) = forwarded::ports(rule).filter(|_| comes_in(view, rule)) else {
            return;
        };
        let holds = |port: u16| ranges.iter().any(|(from, to)| (*from..=*to).contains(&port));
        let meant = |port: &&Published| {
            forwarded::protocol(&port.protocol) == protocol
                && holds(port.host_port)
                && may_be_for(view, rule, &port.container_ip, &subnets)
        };
        let missed = published.iter().filter(meant).find(|port| !holds(port.container_port));
        if let Some(port) = missed {
            let (dialled, own) = (port.host_port, port.container_port);
            found.rule(rule.id, move || missed_words(dialled, own));
            return;
        }
        let Some(port) = published.iter().find(meant) else { return };
        let other = published.iter().find(|other| {
            forwarded::protocol(&other.protocol) == protocol
                && other.container_port == port.container_port
                && !holds(other.host_port)
                && names(view, rule, &other.container_ip)
        });
        if let Some(other) = other.filter(|_| rule.then == Then::Drop) {
            let (dialled, more, own) = (port.host_port, other.host_port, port.container_port);
            found.rule(rule.id, move || shared_words(dialled, more, own));
        }
    });
}

fn missed_words(dialled: u16, own: u16) -> Words {
    Words::new(format!(
        "clients dial {dialled}, and here the port is {own}: DNAT has changed it, and this does not match what is published as {dialled}"
    ))
    .help(format!(
        "ask for what was dialled: `-m conntrack --ctorigdstport {dialled} --ctdir ORIGINAL`; in a script `restrict` and `published({dialled})`"
    ))
}

fn shared_words(dialled: u16, more: u16, own: u16) -> Words {
    Words::new(format!(
        "this asks for the container's port {own}: besides {dialled} it shuts {more}, which is published to {own} too"
    ))
    .help(format!(
        "ask for what was dialled: `-m conntrack --ctorigdstport {dialled} --ctdir ORIGINAL`; in a script `restrict` and `published({dialled})`"
    ))
}

/// Whether a rule may be about what comes in to containers: it names no bridge that packets come from, and no other
/// interface than a bridge that they leave by.
fn comes_in(view: &View<'_>, rule: &Rule) -> bool {
    let from_inside =
        forwarded::into(rule).is_some_and(|name| name == "lo" || forwarded::is_bridge(view, name));
    let to_outside = forwarded::out(rule).is_some_and(|name| !forwarded::is_bridge(view, name));
    !from_inside && !to_outside
}

/// Whether a rule asks for no destination, for the container's address, or for one that is none of a container's.
fn may_be_for(view: &View<'_>, rule: &Rule, container: &str, subnets: &[Address]) -> bool {
    let Some(destinations) = destinations(rule) else { return true };
    let is_inside = |one: &Address| subnets.iter().any(|subnet| subnet.contains(*one));
    names(view, rule, container) || !destinations.iter().any(is_inside)
}

/// Whether a rule asks for no destination, or for this one.
fn names(view: &View<'_>, rule: &Rule, container: &str) -> bool {
    let Some(destinations) = destinations(rule) else { return true };
    let own = address::parse(container, view.family());
    own.is_ok_and(|own| destinations.iter().any(|one| one.contains(own)))
}

fn destinations(rule: &Rule) -> Option<&[Address]> {
    rule.conditions.iter().find_map(|one| match &one.test {
        Test::Destination(addresses) if !one.negated => Some(addresses.as_slice()),
        _ => None,
    })
}
