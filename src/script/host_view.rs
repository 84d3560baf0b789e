//! The host, as scripts see it.

use super::session::SharedSession;

/// What the host tells.
#[derive(Clone)]
pub(crate) struct HostView(pub(super) SharedSession);

impl HostView {
    /// Whether it has ipsets; asked once.
    pub(super) fn ipset(&self) -> bool {
        let mut session = self.0.borrow_mut();
        let asks = session.asks_ipset;
        *session.has_ipset.get_or_insert_with(|| asks.is_some_and(|ask| ask()))
    }
}
