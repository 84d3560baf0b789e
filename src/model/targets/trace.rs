//! `-j TRACE`: logs every rule that the packet meets from here.

use crate::model::extension::Extension;

/// The legacy backend has it in the raw table only, nft in every one.
pub(super) static TRACE: Extension = Extension::target("TRACE");
