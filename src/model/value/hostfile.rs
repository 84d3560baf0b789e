//! Names that this host gives to numbers: users and groups, device groups and realms.
//!
//! iptables reads these files when a rule is loaded, and of some it prints the names again.

use std::sync::LazyLock;

/// A file of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostFile {
    /// `/etc/passwd`
    Users,
    /// `/etc/group`
    Groups,
    /// `/etc/iproute2/group`
    DeviceGroups,
    /// `/etc/iproute2/rt_realms`
    Realms,
}

type Names = Vec<(String, u32)>;

static USERS: LazyLock<Names> = LazyLock::new(|| accounts("/etc/passwd"));
static GROUPS: LazyLock<Names> = LazyLock::new(|| accounts("/etc/group"));
static DEVICE_GROUPS: LazyLock<Names> = LazyLock::new(|| map("/etc/iproute2/group"));
static REALMS: LazyLock<Names> = LazyLock::new(|| map("/etc/iproute2/rt_realms"));

impl HostFile {
    fn names(self) -> &'static Names {
        match self {
            Self::Users => &USERS,
            Self::Groups => &GROUPS,
            Self::DeviceGroups => &DEVICE_GROUPS,
            Self::Realms => &REALMS,
        }
    }

    /// The number of `name`; `root` is 0 everywhere.
    #[must_use]
    pub fn number(self, name: &str) -> Option<u32> {
        if name == "root" && matches!(self, Self::Users | Self::Groups) {
            return Some(0);
        }
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.names().iter().find(|(known, _)| known == name).map(|(_, number)| *number)
    }

    /// The name of `number`.
    #[must_use]
    pub fn name(self, number: u32) -> Option<&'static str> {
        self.names().iter().find(|(_, known)| *known == number).map(|(name, _)| name.as_str())
    }

    /// Whether the file is there and names anything.
    #[must_use]
    pub fn is_there(self) -> bool {
        !self.names().is_empty()
    }
}

/// The names of a file like `/etc/passwd`; none where it cannot be read.
fn accounts(path: &str) -> Names {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let account = |line: &str| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        Some((name.to_owned(), id.parse().ok()?))
    };
    text.lines().filter_map(account).collect()
}

/// The names of a file of iproute2: a number of up to 255, then its name.
fn map(path: &str) -> Names {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let entry = |line: &str| {
        let mut fields = line.split_whitespace();
        let (number, name) = (fields.next()?, fields.next()?);
        let number = match number.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        (number <= 255 && !name.starts_with('#')).then(|| (name.to_owned(), number))
    };
    text.lines().filter_map(entry).collect()
}
