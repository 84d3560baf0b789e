//! Which backend holds the host's rules, and whether all of them can be seen through it.

use std::path::{Path, PathBuf};

use super::dump::Dump;
use super::nftables;
use super::others;
use super::tools::{self, Backend, Tools};
use crate::diagnostic::Diagnostic;
use crate::model::Family;

/// One family of the host.
#[derive(Clone, Debug)]
pub struct HostFamily {
    /// The family.
    pub family: Family,
    /// Its programs.
    pub tools: Tools,
    /// What the kernel holds.
    pub dump: Dump,
}

/// The host as it is found.
#[derive(Clone, Debug)]
pub struct Host {
    /// The backend.
    pub backend: Backend,
    /// The families that were asked for.
    pub families: Vec<HostFamily>,
    /// What is to be said of it.
    pub warnings: Vec<Diagnostic>,
}

impl Host {
    /// Finds the backend of the host and reads what it holds of these families.
    ///
    /// # Errors
    /// That there is no iptables, that a ruleset cannot be read as a whole, or that the other backend has rules too.
    pub fn read(folder: Option<&Path>, families: &[Family]) -> Result<Self, Diagnostic> {
        let folders = tools::folders(folder);
        let first = families.first().copied().unwrap_or_default();
        let usual = tools::plain(first, &folders).ok_or_else(|| tools::missing(first, &folders))?.backend;
        let mut warnings = Vec::new();
        // Docker's IPv4 rules tell the backend, whichever families are asked for.
        let backend = if has_docker(Family::Ipv4, usual.other(), &folders)?
            && !has_docker(Family::Ipv4, usual, &folders)?
        {
            usual.other()
        } else {
            usual
        };
        let tables = nftables::look(backend, families)?;
        let mut found = Vec::new();
        for family in families {
            let tools = tools::of_backend(*family, backend, &folders)
                .ok_or_else(|| tools::missing(*family, &folders))?;
            let dump = Dump::read(*family, &tools)?;
            warnings.extend(look_at_other(*family, backend, &folders)?);
            found.push(HostFamily { family: *family, tools, dump });
        }
        let dumps: Vec<_> = found.iter().map(|found| (found.family, &found.dump)).collect();
        warnings.extend(others::look(&dumps, &tables));
        Ok(Self { backend, families: found, warnings })
    }
}

/// The ruleset of a backend that need not be there; none where it is sure to be empty.
fn read(family: Family, backend: Backend, folders: &[PathBuf]) -> Result<Option<Dump>, Diagnostic> {
    if backend == Backend::Legacy && legacy_tables(family).is_empty() {
        return Ok(None);
    }
    let tools = tools::of_backend(family, backend, folders);
    tools.map(|tools| Dump::read(family, &tools)).transpose()
}

fn has_docker(family: Family, backend: Backend, folders: &[PathBuf]) -> Result<bool, Diagnostic> {
    Ok(read(family, backend, folders)?.is_some_and(|dump| dump.has_docker()))
}

/// The tables of the legacy backend that exist, as the kernel names them; asking makes none.
fn legacy_tables(family: Family) -> String {
    let file = match family {
        Family::Ipv4 => "/proc/self/net/ip_tables_names",
        Family::Ipv6 => "/proc/self/net/ip6_tables_names",
    };
    std::fs::read_to_string(file).unwrap_or_default()
}

/// Refuses a host whose other backend has rules: a packet needs the verdict of both.
fn look_at_other(
    family: Family,
    backend: Backend,
    folders: &[PathBuf],
) -> Result<Option<Diagnostic>, Diagnostic> {
    let other = backend.other();
    let Some(dump) = read(family, other, folders)? else {
        let unseen = other == Backend::Legacy && !legacy_tables(family).is_empty();
        return Ok(unseen.then(|| {
            let message = format!(
                "there are {} tables of the legacy backend, and no program to look into them",
                family.as_str()
            );
            Diagnostic::warning("other-backend", message)
                .help("a DROP there counts: install `iptables-legacy-save` and look")
        }));
    };
    if dump.weight() == 0 {
        return Ok(None);
    }
    let stem = tools::stem(family);
    let message = format!(
        "the {} rules of this host are in the {backend} backend, but the {other} backend holds rules or a policy too",
        family.as_str()
    );
    Err(Diagnostic::error("other-backend", message)
        .note("a packet needs the verdict of both: what one accepts the other can drop")
        .help(format!(
            "see them with `{stem}-{other}-save`, and move them to the {backend} backend or take them out"
        )))
}
