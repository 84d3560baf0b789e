//! Whether a run would lock out who reaches the host: the SSH connection that it was started over, and the packets that
//! scripts declare by `admin`.

use std::net::IpAddr;

use super::input::Input;
use super::options::RunOptions;
use super::result::RunResult;
use super::status::Stop;
use crate::apply;
use crate::check::{Levels, Lockout};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Ruleset;
use crate::packets::{Admin, Given, Site};
use crate::simulate::Facts;

/// Warns of it, where the result is printed.
pub(super) fn warn(options: &RunOptions, results: &mut [RunResult<'_>]) -> Result<(), Stop> {
    look(options, results, Severity::Warning)
}

/// Refuses it, where the host is about to be changed.
pub(super) fn refuse(options: &RunOptions, results: &mut [RunResult<'_>]) -> Result<(), Stop> {
    look(options, results, Severity::Error)
}

fn look(options: &RunOptions, results: &mut [RunResult<'_>], severity: Severity) -> Result<(), Stop> {
    let is_live = options.jobs.iter().any(|job| matches!(job.input, Input::Live(_) | Input::Read(..)));
    let changes = |result: &RunResult<'_>| !result.checked.ruleset().edits().is_empty();
    let ssh = if is_live && results.iter().any(changes) { apply::ssh_connection() } else { None };
    let mut is_denied = false;
    for result in results.iter_mut() {
        // A script may be wrong about who reaches the host: it does not lift what keeps the host from being changed.
        let levels = if severity == Severity::Error { &options.levels } else { &result.levels };
        let found = of_one(&options.site, (result, levels), ssh.as_deref(), severity);
        is_denied |= found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        result.diagnostics.extend(found);
    }
    if !is_denied {
        return Ok(());
    }
    Err(Stop::no(results.iter_mut().flat_map(|result| std::mem::take(&mut result.diagnostics)).collect()))
}

fn of_one(
    site: &Site,
    (result, levels): (&RunResult<'_>, &Levels),
    ssh: Option<&str>,
    severity: Severity,
) -> Vec<Diagnostic> {
    let ruleset = result.checked.ruleset();
    let mut admins = result.admins.clone();
    let mut found = Vec::new();
    if let Some(text) = ssh.filter(|_| !ruleset.edits().is_empty()) {
        match own_connection(text, site, ruleset) {
            Ssh::Here(admin) => admins.push(*admin),
            Ssh::Unknown(warning) => found.extend(levels.grade(vec![*warning])),
            Ssh::Elsewhere => {}
        }
    }
    if admins.is_empty() {
        return found;
    }
    let (before, sets) = (result.original(), result.members());
    let lockout = Lockout { ruleset, before: before.as_ref(), site, sets: &sets, severity };
    found.extend(lockout.look(&admins, levels));
    found
}

/// The SSH connection of the environment, as this host's rules see it.
enum Ssh {
    /// It ends at an address of this host's.
    Here(Box<Admin>),
    /// It is of the other family, or ends in another network namespace.
    Elsewhere,
    /// Which addresses are the host's is not known.
    Unknown(Box<Diagnostic>),
}

/// Source: ssh(1): the client's address and port, the server's address and port.
fn own_connection(text: &str, site: &Site, ruleset: &Ruleset) -> Ssh {
    let Some((packet, server)) = packet(text, site, ruleset) else { return Ssh::Elsewhere };
    if !packet.packet.families().contains(&ruleset.family()) {
        return Ssh::Elsewhere;
    }
    if !site.is_told() {
        let message =
            "whether this SSH connection is locked out is not known: the host does not tell its addresses";
        let warning =
            Diagnostic::warning("lockout", message).help("install iproute2, or name them by --address");
        return Ssh::Unknown(Box::new(warning));
    }
    let facts = site.facts(ruleset);
    let is_own = facts.interfaces().iter().flat_map(|link| &link.addresses).any(|own| own.address == server);
    if is_own { Ssh::Here(Box::new(Admin { packet, origin: None })) } else { Ssh::Elsewhere }
}

/// The packet that begins such a connection, and the server's address.
fn packet(text: &str, site: &Site, ruleset: &Ruleset) -> Option<(Given, IpAddr)> {
    let mut words = text.split_ascii_whitespace();
    let (client, client_zone) = address(words.next()?)?;
    let client_port: u16 = words.next()?.parse().ok()?;
    let (server, server_zone) = address(words.next()?)?;
    let server_port: u16 = words.next()?.parse().ok()?;
    let zone = client_zone.or(server_zone).map(ToOwned::to_owned);
    let link = zone.or_else(|| by(&site.facts(ruleset), client, server));
    let into = link.map(|name| format!("in={name} ")).unwrap_or_default();
    let packet = format!("{into}src={client} dst={server} proto=tcp sport={client_port} dport={server_port}");
    Some((Given::parse(&packet).ok()?, server))
}

/// An address without its zone, and the zone. One of IPv4 that a socket of IPv6 shows is one of IPv4.
fn address(text: &str) -> Option<(IpAddr, Option<&str>)> {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    Some((address.parse::<IpAddr>().ok()?.to_canonical(), zone))
}

/// The interface by which packets of a client from afar come in: the one that has the address that it dials. Where the
/// client is near, the way to it tells.
fn by(facts: &Facts, client: IpAddr, server: IpAddr) -> Option<String> {
    if facts.interfaces().iter().any(|link| link.subnets().any(|subnet| subnet.contains(client))) {
        return None;
    }
    let own = facts.interfaces().iter().skip(1);
    let mut own = own.filter(|link| link.addresses.iter().any(|own| own.address == server));
    own.next().map(|link| link.name.clone())
}
