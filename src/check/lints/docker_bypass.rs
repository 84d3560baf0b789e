//! INPUT rules that were meant to guard a published port, and never see its packets.

use super::condition::Test;
use super::forwarded;
use super::view::{Rule, Then, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::docker::Published;
use crate::model::{Hook, TableName};

pub(super) const LINT: Lint = Lint {
    code: "docker-bypass",
    about: "an INPUT rule that was meant to guard a published port, and never sees its packets",
    explanation: include_str!("docker_bypass.md"),
    looks: Looks::AtOne(run),
    of_forwarded: false,
};

/// The most ports in a range that are taken for a list of services, and not for all of them.
const RANGE: u16 = 1000;

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    let Some(input) = view.builtin(TableName::Filter, Hook::Input) else { return };
    let published = view.published();
    if published.is_empty() {
        return;
    }
    let guarded = guarded(view);
    let is_open = |port: &&Published| {
        let own = forwarded::protocol(&port.protocol);
        let is_guarded = guarded.iter().any(|(protocol, (from, to))| {
            protocol.is_none_or(|protocol| protocol == own) && (*from..=*to).contains(&port.host_port)
        });
        !port.is_local() && !is_guarded
    };
    forwarded::each(view, &forwarded::reach(view, [input]), |rule| {
        let Some((protocol, ranges)) = forwarded::ports(rule).filter(|_| is_guard(view, rule)) else {
            return;
        };
        let is_named = |port: &&Published| {
            let holds =
                |(from, to): &(u16, u16)| to - from <= RANGE && (*from..=*to).contains(&port.host_port);
            forwarded::protocol(&port.protocol) == protocol && ranges.iter().any(holds)
        };
        if let Some(port) = published.iter().filter(is_open).find(is_named) {
            let container = format!("{}:{}", port.container_ip, port.container_port);
            let port = port.host_port;
            found.rule(rule.id, move || words(port, &container));
        }
    });
}

fn words(port: u16, container: &str) -> Words {
    Words::new(format!("clients of the published port {port} do not come by INPUT, and this does not keep them out"))
        .note(format!("DNAT sends them to {container}, through FORWARD; only localhost, containers and docker-proxy's clients come by here"))
        .help("guard it in DOCKER-USER, by the port that was dialled; in a script `restrict(port, cidrs)`")
        .help(format!("as text: `-A DOCKER-USER -i eth0 ! -s 203.0.113.0/24 -p tcp -m conntrack --ctorigdstport {port} --ctdir ORIGINAL -j DROP`"))
}

/// Whether a rule keeps someone out: it drops, or it accepts some sources alone. One for the own bridges is no guard.
fn is_guard(view: &View<'_>, rule: &Rule) -> bool {
    let inside = forwarded::into(rule).is_some_and(|name| name == "lo" || forwarded::is_bridge(view, name));
    let has_source = || rule.conditions.iter().any(|one| matches!(one.test, Test::Source(_)));
    !inside && (rule.then == Then::Drop || rule.then == Then::Accept && has_source())
}

/// The dialled ports that rules on the way of forwarded packets drop, or send to a chain that may, each with its protocol,
/// if one is named: those are guarded where it counts. Where there is no DOCKER-USER, helpers of scripts write into the
/// mangle table.
fn guarded(view: &View<'_>) -> Vec<(Option<u8>, (u16, u16))> {
    let mut found = Vec::new();
    let mangle = view.builtin(TableName::Mangle, Hook::Forward);
    let chains = [forwarded::chains(view), forwarded::reach(view, mangle)].concat();
    forwarded::each(view, &chains, |rule| {
        if matches!(rule.then, Then::Drop | Then::Jump(_) | Then::Goto(_)) {
            found.extend(forwarded::dialled(rule).map(|ports| (forwarded::asked_protocol(rule), ports)));
        }
    });
    found
}
