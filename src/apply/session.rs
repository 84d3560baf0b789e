//! Who runs this, by which connection, in which boot and network namespace.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

/// The most ancestors of a process that are looked at.
const ANCESTORS: usize = 64;

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
    let address = name("SSH_CONNECTION").and_then(|text| text.split(' ').next().map(ToOwned::to_owned));
    match address {
        Some(address) => format!("{user} from {address}"),
        None => user,
    }
}

/// Whether this came over SSH: the environment says so, or, as sudo drops that, an ancestor is its server.
#[must_use]
pub fn is_remote() -> bool {
    std::env::var_os("SSH_CONNECTION").is_some() || connection().is_some()
}

/// The nearest SSH server among the ancestors, as its number and the time when it began: one per connection.
#[must_use]
pub fn connection() -> Option<String> {
    let mut pid = std::process::id();
    for _ in 0..ANCESTORS {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let process = Stat::parse(&stat)?;
        if process.name.starts_with("sshd") {
            return Some(format!("{pid}:{}", process.started));
        }
        if process.parent <= 1 {
            return None;
        }
        pid = process.parent;
    }
    None
}

/// What is read of `/proc/PID/stat`, proc(5).
struct Stat<'s> {
    name: &'s str,
    parent: u32,
    started: &'s str,
}

impl<'s> Stat<'s> {
    fn parse(stat: &'s str) -> Option<Self> {
        // The name is in parentheses and may hold any character.
        let (before, behind) = stat.rsplit_once(')')?;
        let name = before.split_once('(')?.1;
        let fields: Vec<&str> = behind.split_whitespace().collect();
        Some(Self { name, parent: fields.get(1)?.parse().ok()?, started: fields.get(19)? })
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
        assert_eq!((process.name, process.parent, process.started), ("sshd: a) b", 4, "22"));
    }
}
