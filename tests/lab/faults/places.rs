//! The tables and hooks that take a target or a match, each place tried.

use std::fmt::Write as _;

use dwscript::model::Family;

use super::Seen::{Load, Loads, Test};
use super::{Seen, measured_version};
use crate::support::namespace::{Backend, attempt};
use crate::support::skip::available;

/// Every built-in chain.
pub(super) const PLACES: [(&str, &[&str]); 5] = [
    ("filter", &["INPUT", "FORWARD", "OUTPUT"]),
    ("nat", &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
    ("mangle", &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]),
    ("raw", &["PREROUTING", "OUTPUT"]),
    ("security", &["INPUT", "FORWARD", "OUTPUT"]),
];

/// A rule's options, and the places that take them: tables and hooks, `*` for all of either. How
/// the others refuse is `--test` for what iptables knows, a real load for what the kernel knows.
pub(super) struct Places {
    pub(super) options: &'static str,
    pub(super) family: Family,
    tables: &'static str,
    hooks: &'static str,
    refused: Seen,
    pub(super) backends: &'static [Backend],
}

const fn places(options: &'static str, tables: &'static str, hooks: &'static str) -> Places {
    Places { options, family: Family::Ipv4, tables, hooks, refused: Load, backends: &Backend::ALL }
}

impl Places {
    /// The same for IPv6.
    const fn v6(self) -> Self {
        Self { family: Family::Ipv6, ..self }
    }

    /// The same, refused by `--test`.
    const fn known_to_iptables(self) -> Self {
        Self { refused: Test, ..self }
    }

    /// The same, of one backend.
    const fn only(self, backends: &'static [Backend]) -> Self {
        Self { backends, ..self }
    }

    pub(super) fn takes(&self, table: &str, hook: &str) -> bool {
        let listed = |list: &str, name| list == "*" || list.split(' ').any(|other| other == name);
        listed(self.tables, table) && listed(self.hooks, hook)
    }
}

/// Targets. What is not here (ACCEPT, LOG, MARK and so on) is taken everywhere.
pub(super) const TARGETS: &[Places] = &[
    places("-j ACCEPT", "*", "*"),
    places("-j RETURN", "*", "*"),
    places("-j LOG", "*", "*"),
    places("-j MARK --set-mark 1", "*", "*"),
    places("-j CONNMARK --set-mark 1", "*", "*"),
    places("-j NFQUEUE", "*", "*"),
    places("-j DROP", "filter mangle raw security", "*").known_to_iptables(),
    places("-j REJECT", "filter", "*"),
    places("-j REJECT", "filter", "*").v6(),
    places("-j DNAT --to-destination 192.0.2.1", "nat", "PREROUTING OUTPUT"),
    places("-j DNAT --to-destination 2001:db8::1", "nat", "PREROUTING OUTPUT").v6(),
    places("-p tcp -j REDIRECT --to-ports 80", "nat", "PREROUTING OUTPUT"),
    places("-j SNAT --to-source 192.0.2.1", "nat", "POSTROUTING INPUT"),
    places("-j SNAT --to-source 2001:db8::1", "nat", "POSTROUTING INPUT").v6(),
    places("-j MASQUERADE", "nat", "POSTROUTING"),
    places("-j MASQUERADE", "nat", "POSTROUTING").v6(),
    places("-j NETMAP --to 192.0.2.0/24", "nat", "*"),
    places("-p tcp -j TPROXY --on-port 1", "mangle", "PREROUTING"),
    places("-j CT --notrack", "raw", "*"),
    places("-j NOTRACK", "raw", "*"),
    places("-j TRACE", "*", "*").only(&[Backend::Nft]),
    places("-j TRACE", "raw", "*").only(&[Backend::Legacy]),
    places("-j DSCP --set-dscp 1", "mangle", "*"),
    places("-j TOS --set-tos 1", "mangle", "*"),
    places("-j TTL --ttl-set 1", "mangle", "*"),
    places("-j HL --hl-set 1", "mangle", "*").v6(),
    places("-j CHECKSUM --checksum-fill", "mangle", "*"),
    places("-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu", "*", "FORWARD OUTPUT POSTROUTING"),
    places("-p tcp --syn -j TCPMSS --set-mss 1400", "*", "*"),
    places("-j CLASSIFY --set-class 1:1", "*", "FORWARD OUTPUT POSTROUTING"),
];

/// Matches.
pub(super) const MATCHES: &[Places] = &[
    places("-i eth0 -j ACCEPT", "*", "PREROUTING INPUT FORWARD").known_to_iptables(),
    places("-o eth0 -j ACCEPT", "*", "FORWARD OUTPUT POSTROUTING").known_to_iptables(),
    places("-i eth0 -j ACCEPT", "*", "PREROUTING INPUT FORWARD").known_to_iptables().v6(),
    places("-m owner --uid-owner 0 -j ACCEPT", "*", "OUTPUT POSTROUTING"),
    places("-m mac --mac-source 00:11:22:33:44:55 -j ACCEPT", "*", "PREROUTING INPUT FORWARD"),
    places("-m rpfilter -j ACCEPT", "raw mangle", "PREROUTING"),
    places("-m policy --dir in --pol ipsec -j ACCEPT", "*", "PREROUTING INPUT FORWARD"),
    places("-m policy --dir out --pol ipsec -j ACCEPT", "*", "FORWARD OUTPUT POSTROUTING"),
    places("-m addrtype --dst-type LOCAL --limit-iface-in -j ACCEPT", "*", "PREROUTING INPUT FORWARD"),
    places("-m addrtype --dst-type LOCAL --limit-iface-out -j ACCEPT", "*", "FORWARD OUTPUT POSTROUTING"),
    places("-m physdev --physdev-out e0 -j ACCEPT", "*", "PREROUTING INPUT FORWARD POSTROUTING"),
];

#[track_caller]
fn check(all: &[Places]) {
    let usable = Backend::usable();
    if usable.is_empty() || available(measured_version()).is_none() {
        return;
    }
    let mut differences = String::new();
    for places in all {
        for backend in usable.iter().filter(|backend| places.backends.contains(backend)) {
            check_one(places, *backend, &mut differences);
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

fn check_one(places: &Places, backend: Backend, differences: &mut String) {
    for (table, hooks) in PLACES {
        for hook in hooks {
            let rules = format!("*{table}\n-A {hook} {}\nCOMMIT\n", places.options);
            let tried = attempt(backend, places.family, rules.as_bytes(), &[]);
            let expected = if places.takes(table, hook) { Loads } else { places.refused };
            let seen = Seen::of(&tried);
            if seen != expected {
                let _ = writeln!(
                    differences,
                    "{backend:?} {table} {hook} {}: {seen:?}, expected {expected:?}",
                    places.options
                );
            }
        }
    }
}

#[test]
fn targets() {
    check(TARGETS);
}

#[test]
fn matches() {
    check(MATCHES);
}
