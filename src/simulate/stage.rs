//! The stations of a packet: tables at hooks, connection tracking, routing.
//!
//! The order is that of the kernel's hook priorities (`linux/netfilter_ipv4.h`).

use crate::model::{Hook, TableName};

/// Which implementation of iptables the rules are loaded with: they differ in the order of two tables in INPUT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Backend {
    /// iptables over `nf_tables`.
    #[default]
    Nft,
    /// The `x_tables` of old.
    Legacy,
}

/// A part of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// It comes in by an interface.
    Enter,
    /// It is for this host.
    Input,
    /// It passes through.
    Forward,
    /// This host sends it.
    Output,
    /// It leaves.
    Leave,
}

/// A station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Station {
    Table(TableName, Hook),
    /// Connection tracking looks at the packet.
    Track,
    /// Where to: this host, or on.
    Route,
    /// The packet has arrived at the host.
    Arrive,
    /// A packet of the host's own that got another destination goes another way.
    Reroute,
    /// The interface by which the packet leaves is settled.
    Turn,
    /// The packet leaves by it.
    Go,
}

/// A place on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stage {
    pub(super) phase: Phase,
    index: u8,
}

use Station::{Arrive, Go, Reroute, Route, Table, Track, Turn};

const ENTER: &[Station] = &[
    Table(TableName::Raw, Hook::Prerouting),
    Track,
    Table(TableName::Mangle, Hook::Prerouting),
    Table(TableName::Nat, Hook::Prerouting),
    Route,
];

const INPUT_LEGACY: &[Station] = &[
    Table(TableName::Mangle, Hook::Input),
    Table(TableName::Filter, Hook::Input),
    Table(TableName::Security, Hook::Input),
    Table(TableName::Nat, Hook::Input),
    Arrive,
];

/// iptables over nft gives the security table a priority behind that of nat.
const INPUT_NFT: &[Station] = &[
    Table(TableName::Mangle, Hook::Input),
    Table(TableName::Filter, Hook::Input),
    Table(TableName::Nat, Hook::Input),
    Table(TableName::Security, Hook::Input),
    Arrive,
];

const FORWARD: &[Station] = &[
    Table(TableName::Mangle, Hook::Forward),
    Table(TableName::Filter, Hook::Forward),
    Table(TableName::Security, Hook::Forward),
    Turn,
];

const OUTPUT: &[Station] = &[
    Table(TableName::Raw, Hook::Output),
    Track,
    Table(TableName::Mangle, Hook::Output),
    Table(TableName::Nat, Hook::Output),
    Reroute,
    Table(TableName::Filter, Hook::Output),
    Table(TableName::Security, Hook::Output),
    Turn,
];

const LEAVE: &[Station] =
    &[Table(TableName::Mangle, Hook::Postrouting), Table(TableName::Nat, Hook::Postrouting), Go];

impl Stage {
    pub(super) const fn start(phase: Phase) -> Self {
        Self { phase, index: 0 }
    }

    pub(super) fn station(self, backend: Backend) -> Station {
        let stations = match (self.phase, backend) {
            (Phase::Enter, _) => ENTER,
            (Phase::Input, Backend::Legacy) => INPUT_LEGACY,
            (Phase::Input, Backend::Nft) => INPUT_NFT,
            (Phase::Forward, _) => FORWARD,
            (Phase::Output, _) => OUTPUT,
            (Phase::Leave, _) => LEAVE,
        };
        stations.get(usize::from(self.index)).copied().unwrap_or(Go)
    }

    pub(super) const fn next(self) -> Self {
        Self { phase: self.phase, index: self.index + 1 }
    }
}
