//! The targets that are built in: they have no options.

use crate::model::extension::{Extension, TableSet};
use crate::model::names::TableName;

pub(super) static ACCEPT: Extension = Extension::target("ACCEPT");

/// iptables refuses to drop in the nat table.
pub(super) static DROP: Extension = Extension {
    tables: TableSet::of(&[TableName::Raw, TableName::Mangle, TableName::Filter, TableName::Security]),
    ..Extension::target("DROP")
};

pub(super) static RETURN: Extension = Extension::target("RETURN");

pub(super) static QUEUE: Extension = Extension::target("QUEUE");
