//! Who runs this, by which connection, in which boot and network namespace.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use rustix::param::clock_ticks_per_second;
use rustix::time::{ClockId, clock_gettime};

/// The most ancestors of a process that are looked at.
const ANCESTORS: usize = 64;
/// What OpenSSH's server says of the connection in the environment.
const SSH: &str = "SSH_CONNECTION";

/// The effective user owns `/proc/self`.
#[must_use]
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The boot of the machine.
#[must_use]
pub fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// The network namespace, as the kernel names it.
#[must_use]
pub fn namespace() -> String {
    fs::read_link("/proc/self/ns/net").map(|link| link.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The user who asked for this, and where from: `alice from 198.51.100.7`.
#[must_use]
pub fn who() -> String {
    let name = |variable: &str| std::env::var(variable).ok().filter(|name| !name.is_empty());
    let user = name("SUDO_USER").or_else(|| name("USER")).unwrap_or_else(|| "root".to_owned());
    let address = ssh_connection().and_then(|text| text.split(' ').next().map(ToOwned::to_owned));
    match address {
        Some(address) => format!("{user} from {address}"),
        None => user,
    }
}

/// Whether this came over SSH: the environment says so, or an ancestor is its server.
#[must_use]
pub fn is_remote() -> bool {
    ssh_connection().is_some() || connection().is_some()
}

/// `SSH_CONNECTION`: the client's address and port, the server's address and port. Of this process or, as sudo drops it,
/// of the nearest ancestor that has it.
#[must_use]
pub fn ssh_connection() -> Option<String> {
    std::env::var(SSH).ok().or_else(|| {
        ancestors().iter().find_map(|process| {
            let environment = fs::read(format!("/proc/{}/environ", process.pid)).ok()?;
            let value = environment
                .split(|byte| *byte == 0)
                .find_map(|entry| entry.strip_prefix(SSH.as_bytes())?.strip_prefix(b"="))?;
            Some(String::from_utf8_lossy(value).into_owned())
        })
    })
}

/// A connection over SSH: its process at the server's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The number of the process, and when it began: no two connections have the same.
    pub id: String,
    /// When it was accepted, as `ticks` counts.
    pub began: u64,
}

/// The SSH connection that this came by.
#[must_use]
pub fn connection() -> Option<Connection> {
    connection_among(ancestors())
}

/// Finds it among the ancestors, the nearest first.
///
/// A connection has a process that was forked when it was accepted, below the one that listens. Where the user is not
/// root, that one watches over another, which began only when the user was let in.
fn connection_among(ancestors: Vec<Process>) -> Option<Connection> {
    let others = ancestors.into_iter().skip_while(|process| !process.is_server());
    let mut servers: Vec<Process> = others.take_while(Process::is_server).collect();
    // The outermost listens, unless its title says that it watches, or socket activation has it serve at once.
    if servers.len() > 1 && servers.last().is_some_and(|process| !process.watches) {
        servers.pop();
    }
    let process = servers.pop()?;
    Some(Connection { id: format!("{}:{}", process.pid, process.began), began: process.began })
}

/// The time since boot, in the unit in which the kernel tells when a process began.
#[must_use]
pub(super) fn ticks() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    let rate = clock_ticks_per_second();
    let whole = u64::try_from(now.tv_sec).unwrap_or(0);
    let rest = u64::try_from(now.tv_nsec).unwrap_or(0);
    whole.saturating_mul(rate).saturating_add(rest.saturating_mul(rate) / 1_000_000_000)
}

/// What is known of a process.
#[derive(Debug)]
struct Process {
    pid: u32,
    name: String,
    began: u64,
    /// It is OpenSSH's server, and watches over the process of a user.
    watches: bool,
}

impl Process {
    /// The servers of OpenSSH, a process of which may have a name of its own since 9.8, and of Dropbear.
    fn is_server(&self) -> bool {
        self.name.starts_with("sshd") || self.name == "dropbear"
    }
}

/// This process, its parent and so on.
fn ancestors() -> Vec<Process> {
    let mut found = Vec::new();
    let mut pid = std::process::id();
    while found.len() < ANCESTORS {
        let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else { break };
        let Some(stat) = Stat::parse(&text) else { break };
        let title = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let watches = memchr::memmem::find(&title, b" [priv]").is_some();
        found.push(Process { pid, name: stat.name.to_owned(), began: stat.began, watches });
        if stat.parent == 0 {
            break;
        }
        pid = stat.parent;
    }
    found
}

/// What is read of `/proc/PID/stat`, proc(5).
struct Stat<'s> {
    name: &'s str,
    parent: u32,
    began: u64,
}

impl<'s> Stat<'s> {
    fn parse(stat: &'s str) -> Option<Self> {
        // The name is in parentheses and may hold any character.
        let (before, behind) = stat.rsplit_once(')')?;
        let name = before.split_once('(')?.1;
        let fields: Vec<&str> = behind.split_whitespace().collect();
        Some(Self { name, parent: fields.get(1)?.parse().ok()?, began: fields.get(19)?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_process_may_hold_anything() {
        let rest: Vec<String> = (3..=30).map(|field: u32| field.to_string()).collect();
        let stat = format!("17 (sshd: a) b) {}", rest.join(" "));
        let process = Stat::parse(&stat).unwrap();
        assert_eq!((process.name, process.parent, process.began), ("sshd: a) b", 4, 22));
    }

    #[test]
    fn a_process_that_has_just_begun_has_begun_just_now() {
        let before = ticks();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let after = ticks();
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let began = Stat::parse(&stat).unwrap().began;
        assert!((before..=after).contains(&began), "{before} {began} {after}");
    }

    fn found(names: &[&str]) -> Option<u64> {
        let processes = names.iter().zip(1..).map(|(name, number)| Process {
            pid: number,
            name: name.trim_end_matches(" [priv]").to_owned(),
            began: u64::from(number),
            watches: name.ends_with("[priv]"),
        });
        connection_among(processes.collect()).map(|connection| connection.began)
    }

    #[test]
    fn a_connection_is_the_process_that_was_forked_when_it_was_accepted() {
        assert_eq!(found(&["dwscript", "bash"]), None);
        assert_eq!(found(&["dwscript", "bash", "sshd", "sshd", "systemd"]), Some(3), "root");
        let of_user = ["dwscript", "sudo", "bash", "sshd", "sshd [priv]", "sshd", "systemd"];
        assert_eq!(found(&of_user), Some(5), "another user");
        assert_eq!(
            found(&["dwscript", "bash", "sshd-session", "sshd-session [priv]", "sshd"]),
            Some(4),
            "9.8"
        );
        assert_eq!(found(&["dwscript", "bash", "sshd", "systemd"]), Some(3), "socket activation, root");
        assert_eq!(
            found(&["dwscript", "bash", "sshd", "sshd [priv]", "systemd"]),
            Some(4),
            "and another user"
        );
        assert_eq!(found(&["dwscript", "ash", "dropbear", "dropbear", "init"]), Some(3));
        let nested = ["dwscript", "bash", "sshd", "sshd", "bash", "sshd", "sshd", "systemd"];
        assert_eq!(found(&nested), Some(3), "a server that was started over another's connection");
    }
}
