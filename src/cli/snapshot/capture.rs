//! Looking at the host.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::file::{Rulesets, Snapshot, VERSION};
use crate::apply::{AskError, Backend, ask, nftables_tables};
use crate::cli::{docker_client, world};
use crate::diagnostic::Diagnostic;
use crate::docker::Inventory;
use crate::host::{self, Facts, Interface, Route};
use crate::model::Family;
use crate::script::Unknown;

/// How long a small program may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How long a save may take: over nft its time grows with the square of the rules.
const SAVE_LIMIT: Duration = Duration::from_secs(300);

/// Settings of the kernel that say what becomes of a packet, below `/proc/sys`.
const SYSCTLS: [&str; 14] = [
    "net/bridge/bridge-nf-call-iptables",
    "net/bridge/bridge-nf-call-ip6tables",
    "net/ipv4/conf/all/route_localnet",
    "net/ipv4/conf/all/rp_filter",
    "net/ipv4/conf/default/rp_filter",
    "net/ipv4/icmp_echo_ignore_all",
    "net/ipv4/ip_forward",
    "net/ipv4/ip_local_port_range",
    "net/ipv4/tcp_syncookies",
    "net/ipv6/bindv6only",
    "net/ipv6/conf/all/disable_ipv6",
    "net/ipv6/conf/all/forwarding",
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_tcp_loose",
];
/// The same for each interface, behind its name.
const SYSCTLS_OF_INTERFACES: [(&str, &str); 4] = [
    ("net/ipv4/conf", "rp_filter"),
    ("net/ipv4/conf", "route_localnet"),
    ("net/ipv4/conf", "forwarding"),
    ("net/ipv6/conf", "forwarding"),
];

/// The host as it is, and what is to be said of it.
pub(super) fn host(folder: Option<&Path>) -> Result<(Snapshot, Vec<Diagnostic>), Diagnostic> {
    let programs = Programs { folder: folder.map(Path::to_owned) };
    let mut warnings = Vec::new();
    let (ipv4, ipv6) = (programs.rulesets(Family::Ipv4)?, programs.rulesets(Family::Ipv6)?);
    let backend = programs.backend(&ipv4)?;
    let host = facts(&mut warnings, nftables_tables());
    let (docker, docker_unknown) = docker(&mut warnings);
    let snapshot = Snapshot {
        version: VERSION,
        taken: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        versions: programs.versions(docker.is_some()),
        backend,
        ipv4,
        ipv6,
        ipsets: text_of(ask("ipset", None, &["save"], &[], LIMIT)).ok(),
        host,
        docker,
        docker_unknown,
    };
    Ok((snapshot, warnings))
}

/// The iptables programs, of this folder or of the system's.
struct Programs {
    folder: Option<PathBuf>,
}

impl Programs {
    fn ask(&self, program: &str, args: &[&str]) -> Result<String, AskError> {
        text_of(ask(program, self.folder.as_deref(), args, &[], SAVE_LIMIT))
    }

    fn rulesets(&self, family: Family) -> Result<Rulesets, Diagnostic> {
        let of = |backend| self.ruleset(family, backend);
        Ok(Rulesets { nft: of(Backend::Nft)?, legacy: of(Backend::Legacy)? })
    }

    /// What a backend holds; none where there is no program for it. A look at the legacy backend must not make its tables.
    fn ruleset(&self, family: Family, backend: Backend) -> Result<Option<String>, Diagnostic> {
        if backend == Backend::Legacy && !has_legacy_tables(family) {
            return Ok(Some(String::new()));
        }
        let plain = plain(family);
        let named = self.ask(&plain.replace("-save", &format!("-{backend}-save")), &[]);
        let answer = match named {
            Err(AskError::Missing(_)) if self.usual(family) == Some(backend) => self.ask(plain, &[]),
            answer => answer,
        };
        match answer {
            Ok(text) => Ok(Some(text)),
            Err(AskError::Missing(_)) => Ok(None),
            Err(error) => Err(Diagnostic::error("no-live-ruleset", error.to_string())),
        }
    }

    /// The backend that the program without a backend in its name is of.
    fn usual(&self, family: Family) -> Option<Backend> {
        let version = self.ask(plain(family), &["--version"]).ok()?;
        Some(if version.contains("nf_tables") { Backend::Nft } else { Backend::Legacy })
    }

    /// The backend that holds the host's rules.
    fn backend(&self, ipv4: &Rulesets) -> Result<Backend, Diagnostic> {
        let Some(usual) = self.usual(Family::Ipv4) else {
            let message = format!("there is no `{}`", plain(Family::Ipv4));
            return Err(Diagnostic::error("no-iptables", message)
                .help("install iptables, or say where it is by --iptables-dir DIR"));
        };
        let has_docker = |backend| ipv4.of(backend).is_some_and(|text| text.contains("\n:DOCKER "));
        Ok(if has_docker(usual.other()) && !has_docker(usual) { usual.other() } else { usual })
    }

    fn versions(&self, asks_docker: bool) -> BTreeMap<String, String> {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").ok();
        let iptables = self.ask(plain(Family::Ipv4), &["--version"]).ok();
        let docker = if asks_docker { docker_client::version() } else { None };
        let all = [
            ("dwscript", Some(env!("CARGO_PKG_VERSION").to_owned())),
            ("kernel", kernel),
            ("iptables", iptables),
            ("docker", docker),
        ];
        let known = all.into_iter().filter_map(|(name, version)| Some((name, version?)));
        known.map(|(name, version)| (name.to_owned(), version.trim().to_owned())).collect()
    }
}

const fn plain(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "iptables-save",
        Family::Ipv6 => "ip6tables-save",
    }
}

/// Whether the legacy backend has any table; asking makes none.
fn has_legacy_tables(family: Family) -> bool {
    let file = match family {
        Family::Ipv4 => "/proc/self/net/ip_tables_names",
        Family::Ipv6 => "/proc/self/net/ip6_tables_names",
    };
    fs::read_to_string(file).is_ok_and(|names| !names.trim().is_empty())
}

/// What the host is beside its rules and those tables of nftables.
pub(in crate::cli) fn facts(warnings: &mut Vec<Diagnostic>, tables: Vec<String>) -> Facts {
    let (interfaces, addresses) = match world::links() {
        Ok(links) => links,
        Err(Unknown::Failed(warning)) => {
            warnings.push(warning);
            (Vec::new(), Vec::new())
        }
        Err(Unknown::Absent(_)) => (Vec::new(), Vec::new()),
    };
    let sysctls = sysctls(&interfaces);
    let routes = [Family::Ipv4, Family::Ipv6].into_iter().flat_map(routes).collect();
    Facts { interfaces, addresses, routes, sysctls, tables }
}

/// The routes of a family; none where `ip` does not tell, which it has said of the addresses then.
fn routes(family: Family) -> Vec<Route> {
    let option = if family == Family::Ipv4 { "-4" } else { "-6" };
    let json = ask("ip", None, &["-json", "-details", option, "route", "show", "table", "all"], &[], LIMIT);
    let routes = json.ok().and_then(|json| host::routes(family.as_str(), &json).ok());
    routes.unwrap_or_default()
}

fn sysctls(interfaces: &[Interface]) -> BTreeMap<String, String> {
    let of_interfaces = interfaces.iter().flat_map(|interface| {
        SYSCTLS_OF_INTERFACES
            .iter()
            .map(move |(folder, name)| [*folder, "/", &interface.name, "/", name].concat())
    });
    let paths = SYSCTLS.iter().map(|path| (*path).to_owned()).chain(of_interfaces);
    let read = |path: String| {
        let value = fs::read_to_string(Path::new("/proc/sys").join(&path)).ok()?;
        Some((spelled(&path), value.trim().to_owned()))
    };
    paths.filter_map(read).collect()
}

/// The name of a setting as sysctl(8) spells it: dots for slashes, and the other way round.
fn spelled(path: &str) -> String {
    let swap = |character| match character {
        '/' => '.',
        '.' => '/',
        other => other,
    };
    path.chars().map(swap).collect()
}

fn docker(warnings: &mut Vec<Diagnostic>) -> (Option<Inventory>, Option<String>) {
    match docker_client::inventory() {
        Ok(inventory) => (Some(inventory), None),
        Err(Unknown::Absent(why)) => (None, Some(why)),
        Err(Unknown::Failed(warning)) => {
            let why = warning.notes.first().cloned().unwrap_or_else(|| warning.message.clone());
            warnings.push(warning);
            (None, Some(why))
        }
    }
}

fn text_of(answer: Result<Vec<u8>, AskError>) -> Result<String, AskError> {
    answer.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
