//! Docker's part of the ruleset, as scripts see it.

use super::session::SharedSession;
use crate::docker::{self, Published};
use crate::model::Family;

/// What Docker's rules tell.
#[derive(Clone)]
pub(crate) struct DockerView(pub(super) SharedSession);

impl DockerView {
    /// The layout of Docker's chains.
    pub(super) fn layout(&self) -> Option<&'static str> {
        docker::layout(&self.0.borrow().ruleset).map(docker::Layout::as_str)
    }

    /// The interfaces of Docker's bridges.
    pub(super) fn bridges(&self) -> Vec<String> {
        let session = self.0.borrow();
        docker::bridge_patterns(&session.ruleset, &session.interfaces)
    }

    /// The published ports.
    pub(super) fn published(&self) -> Vec<PublishedView> {
        let session = self.0.borrow();
        let family = session.ruleset.family();
        docker::published(&session.ruleset).into_iter().map(|port| PublishedView(port, family)).collect()
    }
}

/// A published port.
#[derive(Clone)]
pub(crate) struct PublishedView(pub(super) Published, pub(super) Family);
