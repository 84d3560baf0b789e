//! Which of the kernel's sets are ours, and whose: the kernel keeps no such thing, so that the state directory does.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::files;
use crate::diagnostic::Diagnostic;
use crate::model::Family;

const FILE: &str = "sets.json";

/// A set of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    /// The owner of the script that declared it; empty where rules carried no tag.
    pub owner: String,
    /// `ipv4` or `ipv6`.
    family: String,
}

impl Owned {
    pub(super) fn new(owner: &str, family: Family) -> Self {
        Self { owner: owner.to_owned(), family: family.as_str().to_owned() }
    }

    /// The family of its addresses.
    #[must_use]
    pub fn family(&self) -> Family {
        if self.family == Family::Ipv6.as_str() { Family::Ipv6 } else { Family::Ipv4 }
    }
}

/// Our sets by their names.
pub type Owners = BTreeMap<String, Owned>;

/// Reads which sets are ours; none where no run declared any.
///
/// # Errors
/// That the file cannot be read.
pub fn read(state_dir: &Path) -> Result<Owners, Diagnostic> {
    let path = state_dir.join(FILE);
    let unreadable = |why: &dyn std::fmt::Display| {
        Diagnostic::error("unreadable-state", format!("`{}` cannot be read: {why}", path.display()))
    };
    match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| unreadable(&error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Owners::new()),
        Err(error) => Err(unreadable(&error)),
    }
}

/// Writes which sets are ours, from one moment to the next.
pub(super) fn write(state_dir: &Path, owners: &Owners) -> io::Result<()> {
    files::replace(&state_dir.join(FILE), &serde_json::to_vec_pretty(owners)?, 0o600)
}
