//! The file of a captured host.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::apply::Backend;
use crate::check::Known;
use crate::diagnostic::Diagnostic;
use crate::docker::Inventory;
use crate::host::Facts;
use crate::model::Family;
use crate::script::{Unknown, World};
use crate::simulate;

/// The version of the file's form.
pub(super) const VERSION: u32 = 1;

/// A host at one moment. Nothing is in it but what is listed: environment variables, labels and commands of containers
/// are not.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Snapshot {
    /// The version of the form.
    pub(super) version: u32,
    /// When it was taken, in seconds since 1970.
    pub(super) taken: u64,
    /// Versions of the kernel and of programs.
    pub(super) versions: BTreeMap<String, String>,
    /// The backend that holds the host's rules: Docker's, or else the one that `iptables` is.
    pub(super) backend: Backend,
    /// What the backends hold.
    pub(super) ipv4: Rulesets,
    pub(super) ipv6: Rulesets,
    /// What `ipset save` prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ipsets: Option<String>,
    /// What the host is beside its rules.
    pub(in crate::cli) host: Facts,
    /// What Docker itself tells.
    pub(super) docker: Option<Inventory>,
    /// Why Docker told nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) docker_unknown: Option<String>,
}

/// What the backends hold of one family, as iptables-save prints it; none where there is no program to look with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Rulesets {
    pub(super) nft: Option<String>,
    pub(super) legacy: Option<String>,
}

impl Rulesets {
    pub(super) fn of(&self, backend: Backend) -> Option<&str> {
        match backend {
            Backend::Nft => self.nft.as_deref(),
            Backend::Legacy => self.legacy.as_deref(),
        }
    }

    /// Whether a backend has rules, or a policy other than ACCEPT.
    fn counts(&self, backend: Backend) -> bool {
        let mut lines = self.of(backend).unwrap_or_default().lines();
        lines.any(|line| {
            let policy = line.strip_prefix(':').and_then(|chain| chain.split_whitespace().nth(1));
            line.starts_with("-A ") || policy.is_some_and(|policy| !matches!(policy, "ACCEPT" | "-"))
        })
    }
}

impl Snapshot {
    /// Reads the text of the file called `name`.
    pub(in crate::cli) fn parse(name: &str, bytes: &[u8]) -> Result<Self, Diagnostic> {
        let bad = |message: String| Diagnostic::error("bad-snapshot", message);
        let head: Head = serde_json::from_slice(bytes).map_err(|error| {
            bad(format!("`{name}` is no snapshot: {error}"))
                .help("`dwscript snapshot -o FILE` makes one; a dump is given by --input")
        })?;
        if head.version != VERSION {
            return Err(bad(format!(
                "`{name}` is a snapshot of version {}, and this reads {VERSION}",
                head.version
            ))
            .help("take it anew, or read it with the dwscript that took it"));
        }
        serde_json::from_slice(bytes).map_err(|error| {
            bad(format!("`{name}` is a broken snapshot: {error}"))
                .help("take it anew by `dwscript snapshot -o FILE`")
        })
    }

    const fn rulesets(&self, family: Family) -> &Rulesets {
        match family {
            Family::Ipv4 => &self.ipv4,
            Family::Ipv6 => &self.ipv6,
        }
    }

    /// The ruleset of a family, as iptables-save printed it.
    pub(in crate::cli) fn text(&self, family: Family) -> Result<Vec<u8>, Diagnostic> {
        let text = self.rulesets(family).of(self.backend).ok_or_else(|| {
            let message = format!("the snapshot holds no {} ruleset", family.as_str());
            Diagnostic::error("bad-snapshot", message)
                .help("the host that it is of had no program to read it with")
        })?;
        Ok(text.as_bytes().to_vec())
    }

    /// That the other backend has rules too, which do not show in the ruleset.
    pub(in crate::cli) fn warning(&self, family: Family) -> Option<Diagnostic> {
        let other = self.backend.other();
        self.rulesets(family).counts(other).then(|| {
            let message = format!(
                "this is what the {} backend held, but the {other} backend of that host had {} rules or a policy too",
                self.backend,
                family.as_str()
            );
            Diagnostic::warning("other-backend", message)
                .note("a packet needs the verdict of both: what one accepts the other can drop")
        })
    }

    /// The backend that the rules were loaded with.
    pub(in crate::cli) const fn backend(&self) -> simulate::Backend {
        match self.backend {
            Backend::Nft => simulate::Backend::Nft,
            Backend::Legacy => simulate::Backend::Legacy,
        }
    }

    /// What `ipset save` printed.
    pub(in crate::cli) fn ipsets(&self) -> &str {
        self.ipsets.as_deref().unwrap_or_default()
    }

    /// Whether the host had ipsets.
    pub(in crate::cli) const fn has_ipset(&self) -> bool {
        self.ipsets.is_some()
    }

    /// The host as lints are told of it.
    pub(in crate::cli) fn known(&self) -> Known {
        let (interfaces, tables) = (self.host.interface_names(), self.host.tables.clone());
        let docker = self.docker.clone();
        Known::default()
            .with_interfaces(|| Some(interfaces))
            .with_tables(|| Some(tables))
            .with_docker(|| docker)
    }

    /// The host as scripts may ask of it.
    pub(in crate::cli) fn world(&self) -> World {
        let why = || {
            self.docker_unknown.clone().unwrap_or_else(|| "the snapshot was taken without Docker".to_owned())
        };
        let docker = self.docker.clone().ok_or_else(|| Unknown::Absent(why()));
        World::known(Ok(self.host.addresses.clone()), self.host.tables.clone(), docker)
    }
}

/// What every version of the form has.
#[derive(Deserialize)]
struct Head {
    version: u32,
}
