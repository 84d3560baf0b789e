//! The host, as scripts see it.

use std::rc::Rc;

use super::session::SharedSession;
use super::surroundings::{NO_WORLD, Unknown};
use crate::model::Family;

/// What the host tells.
#[derive(Clone)]
pub(crate) struct HostView(pub(super) SharedSession);

impl HostView {
    /// Its addresses of the family at hand, or why they are not known.
    pub(super) fn addresses(&self) -> Result<Vec<String>, Unknown> {
        let (world, watch, family) = {
            let session = self.0.borrow();
            (session.world.clone(), Rc::clone(&session.watch), session.ruleset.family())
        };
        let world = world.ok_or_else(|| Unknown::Absent(NO_WORLD.to_owned()))?;
        let addresses = watch.wait(|| world.addresses()).as_ref().map_err(Unknown::clone)?;
        let own = addresses.iter().filter(|own| own.address.is_ipv4() == (family == Family::Ipv4));
        Ok(own.map(|own| own.address.to_string()).collect())
    }

    /// The names of its interfaces, or why they are not known.
    pub(super) fn interfaces(&self) -> Result<Vec<String>, Unknown> {
        let session = self.0.borrow();
        let known = Some(&session.interfaces).filter(|interfaces| !interfaces.is_empty());
        known.cloned().ok_or_else(|| Unknown::Absent(NO_WORLD.to_owned()))
    }

    /// Whether it has ipsets; asked once.
    pub(super) fn ipset(&self) -> bool {
        let mut session = self.0.borrow_mut();
        let asks = session.asks_ipset;
        *session.has_ipset.get_or_insert_with(|| asks.is_some_and(|ask| ask()))
    }
}
