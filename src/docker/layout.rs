//! Docker's chains, and which engines write such.
//!
//! Source: moby's `daemon/libnetwork/drivers/bridge` and `iptabler`, and captures of engines 20.10, 26.1 and 28.5. The
//! layouts of 28.0.0 and 29 are written out from moby's documents and have not been seen.

use crate::model::{Ruleset, TableName};

/// The chain that Docker leaves to the user.
pub const USER_CHAIN: &str = "DOCKER-USER";

/// How the names of the sets begin that 28.0.0 keeps its bridges in.
pub(super) const SETS: &str = "docker-ext-bridges-";

/// The tables of an engine that keeps its rules in nftables.
const NFTABLES: [&str; 2] = ["ip docker-bridges", "ip6 docker-bridges"];

/// Docker's own chains by table, of all layouts.
const OWN: [(TableName, &[&str]); 2] = [
    (
        TableName::Filter,
        &[
            "DOCKER",
            "DOCKER-ISOLATION",
            "DOCKER-ISOLATION-STAGE-1",
            "DOCKER-ISOLATION-STAGE-2",
            "DOCKER-FORWARD",
            "DOCKER-BRIDGE",
            "DOCKER-CT",
            "DOCKER-INTERNAL",
            "DOCKER-INGRESS",
        ],
    ),
    (TableName::Nat, &["DOCKER", "DOCKER-INGRESS"]),
];

/// Which engines write the chains that a ruleset holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// 19.03 to 27: per-bridge rules stand in FORWARD itself.
    V19,
    /// 28.0.0: the ipset `docker-ext-bridges-v4` in FORWARD.
    V28Sets,
    /// 28.0.1 to 28.5: FORWARD jumps to DOCKER-FORWARD.
    V28,
    /// 29 with its iptables backend: DOCKER-INTERNAL, and no isolation chains.
    V29,
    /// 29 with its nftables backend: no chain of iptables at all, but tables of its own. Its rules are not read: what
    /// iptables accepts, they drop all the same.
    Nftables,
}

impl Layout {
    /// The first engine that writes it: `19.03`, `28.0.0`, `28` or `29`; else `nftables`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V19 => "19.03",
            Self::V28Sets => "28.0.0",
            Self::V28 => "28",
            Self::V29 => "29",
            Self::Nftables => "nftables",
        }
    }

    /// Where the engine keeps its rules: `iptables` or `nftables`.
    #[must_use]
    pub const fn backend(self) -> &'static str {
        match self {
            Self::Nftables => "nftables",
            _ => "iptables",
        }
    }
}

/// Whether the tables of nftables, as `ip docker-bridges`, have those of an engine that keeps its rules there.
///
/// Source: moby's `integration/network/bridge/nftablesdoc`.
#[must_use]
pub fn is_nftables(tables: &[String]) -> bool {
    tables.iter().any(|table| NFTABLES.contains(&table.as_str()))
}

/// The layout of Docker's chains; none where the ruleset has no chain of Docker's.
#[must_use]
pub fn layout(ruleset: &Ruleset) -> Option<Layout> {
    let filter = |name| ruleset.chain_id(TableName::Filter, name).is_some();
    if filter("DOCKER-INTERNAL") {
        Some(Layout::V29)
    } else if filter("DOCKER-FORWARD") {
        Some(Layout::V28)
    } else if filter("DOCKER") && has_sets(ruleset) {
        Some(Layout::V28Sets)
    } else if filter("DOCKER") || ruleset.chain_id(TableName::Nat, "DOCKER").is_some() {
        Some(Layout::V19)
    } else {
        None
    }
}

fn has_sets(ruleset: &Ruleset) -> bool {
    let forward = ruleset.chain_id(TableName::Filter, "FORWARD");
    let rules = forward.into_iter().flat_map(|chain| ruleset.chain(chain).rules().iter());
    rules.into_iter().any(|rule| ruleset.body(rule).contains(SETS))
}

/// Whether the chain is one that Docker fills and flushes; DOCKER-USER is not.
#[must_use]
pub fn is_own_chain(table: TableName, name: &str) -> bool {
    OWN.iter().any(|(of, names)| *of == table && names.contains(&name))
}
