//! Users and groups of this host, which iptables names when a rule is loaded and never prints.

use std::sync::LazyLock;

/// Which accounts are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// `/etc/passwd`.
    Users,
    /// `/etc/group`.
    Groups,
}

type Accounts = Vec<(String, u32)>;

static USERS: LazyLock<Accounts> = LazyLock::new(|| read("/etc/passwd"));
static GROUPS: LazyLock<Accounts> = LazyLock::new(|| read("/etc/group"));

/// The id of the account called `name`; `root` is 0 everywhere.
#[must_use]
pub fn find(database: Database, name: &str) -> Option<u32> {
    if name == "root" {
        return Some(0);
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let accounts = match database {
        Database::Users => &USERS,
        Database::Groups => &GROUPS,
    };
    accounts.iter().find(|(known, _)| known == name).map(|(_, id)| *id)
}

/// The names and ids of a file like `/etc/passwd`; none where it cannot be read.
fn read(path: &str) -> Accounts {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let account = |line: &str| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        Some((name.to_owned(), id.parse().ok()?))
    };
    text.lines().filter_map(account).collect()
}
