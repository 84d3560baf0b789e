//! The host as one packet finds it: the facts, and the names of interfaces.

use super::facts::{Facts, Interface, LOOPBACK};
use super::flow::Link;
use crate::model::Family;

/// The facts, and the names that a packet brings along.
#[derive(Debug)]
pub(super) struct Scene<'f> {
    pub(super) facts: &'f Facts,
    pub(super) family: Family,
    /// The name that the packet gives to the uplink, where the facts only assume one.
    uplink: Option<(usize, String)>,
    /// Interfaces that the facts do not know.
    strange: Vec<String>,
}

impl<'f> Scene<'f> {
    pub(super) const fn new(facts: &'f Facts, family: Family) -> Self {
        Self { facts, family, uplink: None, strange: Vec::new() }
    }

    /// The interface called `name`. One that is not known is the uplink where that is only assumed.
    pub(super) fn link(&mut self, name: &str) -> (Link, Known) {
        if let Some((index, _)) = self.uplink.as_ref().filter(|(_, known)| known == name) {
            return (link(*index), Known::Uplink);
        }
        if let Some(index) = self.facts.index(name) {
            return (link(index), Known::Fact);
        }
        let uplink = self.facts.uplink(self.family);
        let assumed = uplink.filter(|index| {
            let origin = self.facts.interfaces().get(*index).map(|interface| interface.origin);
            origin == Some(super::facts::Origin::Assumed) && self.uplink.is_none()
        });
        if let Some(index) = assumed {
            self.uplink = Some((index, name.to_owned()));
            return (link(index), Known::Uplink);
        }
        let strange = self.strange.iter().position(|known| known == name).unwrap_or_else(|| {
            self.strange.push(name.to_owned());
            self.strange.len() - 1
        });
        (link(self.facts.interfaces().len() + strange), Known::Strange)
    }

    /// The name of an interface; empty for none, as the kernel has it.
    pub(super) fn name_of(&self, link: Option<Link>) -> &str {
        let Some(Link(index)) = link else { return "" };
        let index = index as usize;
        if let Some((_, name)) = self.uplink.as_ref().filter(|(uplink, _)| *uplink == index) {
            return name;
        }
        match self.facts.interfaces().get(index) {
            Some(interface) => &interface.name,
            None => self.strange.get(index - self.facts.interfaces().len()).map_or("", String::as_str),
        }
    }

    /// What is known of an interface.
    pub(super) fn interface(&self, link: Option<Link>) -> Option<&'f Interface> {
        self.facts.interfaces().get(link?.0 as usize)
    }

    pub(super) fn is_loopback(&self, link: Option<Link>) -> bool {
        self.interface(link).is_some_and(|interface| interface.name == LOOPBACK)
    }

    /// The interface by which `address` is reached.
    pub(super) fn route(&self, address: u128) -> Option<Link> {
        if self.facts.is_local(address, self.family) {
            return Some(Self::LOOPBACK);
        }
        self.facts.route(address, self.family).map(|way| link(way.interface))
    }

    /// The interface by which everything else is reached.
    pub(super) fn default_route(&self) -> Option<Link> {
        let route = self.facts.default_route(self.family)?;
        self.facts.index(&route.interface).map(link)
    }

    pub(super) const LOOPBACK: Link = Link(0);
}

/// How an interface is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Fact,
    Uplink,
    Strange,
}

pub(super) fn link(index: usize) -> Link {
    Link(u32::try_from(index).unwrap_or(u32::MAX))
}
