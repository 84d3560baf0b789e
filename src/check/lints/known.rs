//! What is known of the host beside the ruleset. Lints that want to know more than there is are silent.

use std::cell::LazyCell;

use crate::docker::Inventory;
use crate::model::Ruleset;

/// How something is found out, once, and not before a lint wants it.
type Ask<T> = Box<dyn FnOnce() -> Option<T>>;

/// What surrounds a ruleset; what is not known is none.
#[derive(Debug)]
pub struct Known {
    tables: LazyCell<Option<Vec<String>>, Ask<Vec<String>>>,
    interfaces: LazyCell<Option<Vec<String>>, Ask<Vec<String>>>,
    docker: LazyCell<Option<Inventory>, Ask<Inventory>>,
    replaced: LazyCell<Option<Ruleset>, Ask<Ruleset>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            tables: LazyCell::new(Box::new(|| None)),
            interfaces: LazyCell::new(Box::new(|| None)),
            docker: LazyCell::new(Box::new(|| None)),
            replaced: LazyCell::new(Box::new(|| None)),
        }
    }
}

impl Known {
    /// The same with the tables of nftables, as `ip filter`.
    #[must_use]
    pub fn with_tables(self, ask: impl FnOnce() -> Option<Vec<String>> + 'static) -> Self {
        Self { tables: LazyCell::new(Box::new(ask)), ..self }
    }

    /// The same with the names of the host's interfaces.
    #[must_use]
    pub fn with_interfaces(self, ask: impl FnOnce() -> Option<Vec<String>> + 'static) -> Self {
        Self { interfaces: LazyCell::new(Box::new(ask)), ..self }
    }

    /// The same with what Docker itself tells.
    #[must_use]
    pub fn with_docker(self, ask: impl FnOnce() -> Option<Inventory> + 'static) -> Self {
        Self { docker: LazyCell::new(Box::new(ask)), ..self }
    }

    /// The same with the ruleset in the kernel that this one is to replace.
    #[must_use]
    pub fn with_replaced(self, ask: impl FnOnce() -> Option<Ruleset> + 'static) -> Self {
        Self { replaced: LazyCell::new(Box::new(ask)), ..self }
    }

    /// The tables of nftables.
    pub(super) fn tables(&self) -> Option<&[String]> {
        self.tables.as_deref()
    }

    /// The names of the host's interfaces.
    pub(super) fn interfaces(&self) -> Option<&[String]> {
        self.interfaces.as_deref()
    }

    /// What Docker itself tells.
    pub(super) fn docker(&self) -> Option<&Inventory> {
        self.docker.as_ref()
    }

    /// The ruleset that this one is to replace.
    pub(super) fn replaced(&self) -> Option<&Ruleset> {
        self.replaced.as_ref()
    }
}
