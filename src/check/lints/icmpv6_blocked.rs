//! IPv6 that drops what IPv6 cannot do without.

use super::condition::state;
use super::probe::Probe;
use super::view::{Fate, View};
use super::{Findings, Lint, Looks};
use crate::check::report::Words;
use crate::model::{Family, Hook};

pub(super) const LINT: Lint = Lint {
    code: "icmpv6-blocked",
    about: "IPv6 drops neighbour discovery or packet-too-big",
    explanation: include_str!("icmpv6_blocked.md"),
    looks: Looks::AtOne(run),
    of_forwarded: false,
};

/// Type, the state of its connection as the kernel sees it (`noct_valid_new` in `nf_conntrack_proto_icmpv6.c`), and name.
const NEEDED: [(u8, u8, &str); 3] = [
    (135, state::UNTRACKED, "neighbour solicitations (type 135)"),
    (136, state::UNTRACKED, "neighbour advertisements (type 136)"),
    (2, state::RELATED, "packet-too-big (type 2)"),
];

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    if view.family() != Family::Ipv6 {
        return;
    }
    for hook in [Hook::Input, Hook::Output] {
        let Some(closed) = view.closed(hook) else { continue };
        let probe = |kind, state| {
            let probe = match hook {
                Hook::Output => Probe::outgoing(Family::Ipv6),
                _ => Probe::incoming(Family::Ipv6),
            };
            probe.icmp(kind, 0).in_state(state)
        };
        let dropped =
            |(kind, state, _): &&(u8, u8, &str)| view.fate(hook, &probe(*kind, *state)) == Fate::Dropped;
        let missing: Vec<&str> = NEEDED.iter().filter(dropped).map(|(_, _, name)| *name).collect();
        if !missing.is_empty() {
            found.closed(closed, move || {
                Words::new(format!("{} drops {}, and IPv6 fails without", hook.as_str(), missing.join(", ")))
                    .help(format!(
                        "accept ICMPv6: all of it by `-p ipv6-icmp -j ACCEPT` in {}, or the types that RFC 4890 names",
                        hook.as_str()
                    ))
            });
        }
    }
}
