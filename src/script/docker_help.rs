//! Rules about published ports and networks, put where they survive what Docker does.
//!
//! Each keeps packets out and lets none through, so that they go together, in any order and with other scripts' rules. Only a
//! connection's first packet is asked about (`--ctstate NEW`): answers pass, and so does what is open already.
//!
//! Forwarded packets are met in DOCKER-USER. An IPv6 ruleset up to engine 27 has none, and neither has an engine that uses
//! nftables: there it is FORWARD of the mangle table, which Docker leaves alone, and which DNAT is before as well.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{Dynamic, NativeCallContext};

use super::docker_port::Port;
use super::docker_view::{DockerView, PublishedView};
use super::fault::{Fault, Native, raise};
use super::network_arg::{self, Dialled};
use super::others::{End, Others, others};
use super::session::{origin, session};
use super::spelling::RuleBuilder;
use super::{docker_view, edit};
use crate::diagnostic::Diagnostic;
use crate::docker::{self, USER_CHAIN};
use crate::model::{Family, TableName};

/// What of a connection is asked about.
const FIRST: &str = "-m conntrack --ctstate NEW";
/// The most ports of one `multiport`.
const PORTS: usize = 15;

/// The match for whatever DNAT has sent on.
pub(super) fn any_published() -> RuleBuilder {
    RuleBuilder::default().piece("-m conntrack --ctstate DNAT --ctdir ORIGINAL")
}

/// The match for a published port.
pub(super) fn published(
    context: &NativeCallContext,
    port: &Dynamic,
    protocol: Option<&str>,
) -> Native<RuleBuilder> {
    let port = Port::of(context, "published", port)?;
    let port = match protocol {
        Some(protocol) => port.with(context, protocol)?,
        None => port,
    };
    Ok(port.builder())
}

/// Lets only these sources reach a published port.
pub(super) fn restrict(context: &NativeCallContext, port: &Dynamic, cidrs: &Dynamic) -> Native<()> {
    let read = Port::of(context, "restrict", port)?;
    let what = read.shown();
    match others(context, ("restrict", &what), cidrs, End::Source)? {
        Others::Nobody => Ok(()),
        Others::Match(sources) => close(context, port, &read, &sources),
    }
}

/// Lets this host alone reach a published port.
pub(super) fn host_only(context: &NativeCallContext, port: &Dynamic) -> Native<()> {
    let read = Port::of(context, "host_only", port)?;
    close(context, port, &read, "")
}

/// Closes a port to those that `sources` matches, on both ways to the container.
fn close(context: &NativeCallContext, given: &Dynamic, port: &Port, sources: &str) -> Native<()> {
    let (protocol, dialled) = (&port.protocol, port.forwarded());
    forwarded(context, &format!("{sources} -p {protocol} {dialled} {FIRST} -j DROP"))?;
    if !port.is_local() {
        let dialled = port.proxied();
        first(context, TableName::Filter, "INPUT", &format!("{sources} {dialled} {FIRST} -j DROP"))?;
    }
    if given.is::<PublishedView>() && port.host_ip.is_none() {
        warn_of_ipv6(context, port);
    }
    Ok(())
}

/// Puts a rule first among those for forwarded packets.
fn forwarded(context: &NativeCallContext, rule: &str) -> Native<()> {
    let has_user_chain = {
        let shared = session(context);
        let session = shared.borrow();
        session.ruleset.chain_id(TableName::Filter, USER_CHAIN).is_some()
    };
    if has_user_chain {
        first(context, TableName::Filter, USER_CHAIN, rule)
    } else {
        first(context, TableName::Mangle, "FORWARD", rule)
    }
}

fn first(context: &NativeCallContext, table: TableName, chain: &str, rule: &str) -> Native<()> {
    edit::prepend(context, table, chain, &rule.trim_start().to_owned().into())
}

/// Says, once in a run, that one of `docker.published` is closed over IPv4 alone: the run for IPv6 has it not among its own,
/// where docker-proxy alone serves it.
fn warn_of_ipv6(context: &NativeCallContext, port: &Port) {
    let shared = session(context);
    let is_ipv4 = shared.borrow().ruleset.family() == Family::Ipv4;
    if !is_ipv4 || docker_view::is_served_over_ipv6(&shared, &port.number, &port.protocol) == Some(false) {
        return;
    }
    let place = origin(context);
    let mut session = shared.borrow_mut();
    if session.warnings.iter().any(|told| told.code == "open-over-ipv6") {
        return;
    }
    let span = place.script.expression_span(place.line, place.column);
    let shown = port.shown();
    let number = if port.protocol == "tcp" {
        port.number.clone()
    } else {
        format!("\"{}/{}\"", port.number, port.protocol)
    };
    let warning = Diagnostic::warning(
        "open-over-ipv6",
        format!("this closes {shown} over IPv4, and docker-proxy may serve it over IPv6"),
    )
    .at(&place.script, span, "")
    .note("the run for IPv6 does not find it in `docker.published`: there is no rule for it")
    .help(format!(
        "give the number that clients dial, such as `{number}`: that closes INPUT too, in the run for IPv6"
    ))
    .help("or publish it over IPv4 alone: `docker run -p 0.0.0.0:…`");
    session.warnings.push(warning);
}

/// Lets no connection pass between two networks.
pub(super) fn block_between(context: &NativeCallContext, one: &Dynamic, other: &Dynamic) -> Native<()> {
    let one = network_arg::bridge(context, "block_between", one)?;
    let other = network_arg::bridge(context, "block_between", other)?;
    if one == other {
        let fault = Fault::new("bad-value", format!("`block_between` was given `{one}` twice"));
        let help = "give two networks; inside one, `--icc=false` is Docker's own way";
        return Err(raise(context, fault.help(help)));
    }
    let ports = network_arg::ports(context);
    for (from, to) in [(&one, &other), (&other, &one)] {
        forwarded(context, &format!("-i {from} -o {to} {FIRST} -j DROP"))?;
        close_through_host(context, from, &ports, |bridge| bridge == to)?;
    }
    Ok(())
}

/// Lets no network reach, through this host, what containers of the others publish.
pub(super) fn block_through_host(context: &NativeCallContext) -> Native<()> {
    let ports = network_arg::ports(context);
    for network in DockerView(session(context)).networks() {
        let from = &network.0.bridge;
        close_through_host(context, from, &ports, |bridge| bridge != from)?;
    }
    Ok(())
}

/// Closes the way through the host, for a network, to what containers on the bridges that `is_other` names publish. What
/// its own containers publish as well stays open to it.
fn close_through_host(
    context: &NativeCallContext,
    from: &str,
    ports: &[(String, Dialled)],
    is_other: impl Fn(&str) -> bool,
) -> Native<()> {
    let of = |test: &dyn Fn(&str) -> bool| -> BTreeSet<&Dialled> {
        ports.iter().filter(|(bridge, _)| test(bridge)).map(|(_, port)| port).collect()
    };
    let (others, own) = (of(&is_other), of(&|bridge| bridge == from));
    for ports in through_host(others.difference(&own).copied()) {
        first(context, TableName::Filter, "INPUT", &format!("-i {from} {ports} {FIRST} -j DROP"))?;
    }
    Ok(())
}

/// The matches for published ports in INPUT, by the addresses that they are bound to; what is bound to loopback, no
/// container reaches.
fn through_host<'p>(ports: impl Iterator<Item = &'p Dialled>) -> Vec<String> {
    let mut groups: BTreeMap<(&str, Option<&str>), BTreeSet<u16>> = BTreeMap::new();
    for port in ports {
        let host = port.host_ip.as_deref();
        if !docker::is_local(host) {
            groups.entry((&port.protocol, host)).or_default().insert(port.host_port);
        }
    }
    let mut found = Vec::new();
    for ((protocol, host), ports) in groups {
        let bound = host.map(|host| format!("-d {host} ")).unwrap_or_default();
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        found.extend(ports.chunks(PORTS).map(|ports| match ports {
            [port] => format!("{bound}-p {protocol} -m {protocol} --dport {port}"),
            ports => format!("{bound}-p {protocol} -m multiport --dports {}", ports.join(",")),
        }));
    }
    found
}

/// Lets containers of a network reach these addresses alone.
pub(super) fn egress(context: &NativeCallContext, network: &Dynamic, cidrs: &Dynamic) -> Native<()> {
    let bridge = network_arg::bridges(context, "egress", network)?;
    let what = format!("the way out of `{bridge}`");
    let Others::Match(addresses) = others(context, ("egress", &what), cidrs, End::Destination)? else {
        return Ok(());
    };
    forwarded(context, &format!("{addresses} -i {bridge} ! -o {bridge} {FIRST} -j DROP"))?;
    first(context, TableName::Filter, "INPUT", &format!("{addresses} -i {bridge} {FIRST} -j DROP"))
}
