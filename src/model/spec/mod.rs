//! A rule's specification as objects: what stands behind `-A CHAIN `.
//!
//! [`Spec::parse`] reads it as iptables-restore does: getopt's spellings and abbreviations, matches that the protocol
//! implies, options that find their match wherever they stand. [`Spec::write_canonical`] prints it as iptables-save does.
//! What is not understood stays as its own words.

mod base;
mod canonical;
mod error;
mod expand;
mod finish;
mod join;
pub mod keys;
mod load;
mod long;
mod notes;
mod options;
mod parser;
mod set_base;
#[cfg(test)]
mod tests;
mod words;

use std::borrow::Cow;

use super::Family;
use super::extension::{Extension, Given, HookSet, Instance, Kind, TableSet, Token, Used};
use super::value::address::Address;
use super::value::{ProtocolSoFar, protocol};
use crate::source::Span;
use base::{Addresses, Base, Place};

pub use base::{BaseOption, Negated};
pub use error::{SpecError, SpecErrorKind};
pub use expand::{Expanded, Single};
pub use notes::{Note, NoteKind};
pub use parser::Parser;

/// A rule's specification.
#[derive(Clone, Debug)]
pub struct Spec<'a> {
    text: &'a str,
    family: Family,
    base: Base,
    buffers: Buffers,
    target: Option<u16>,
    goto: bool,
}

/// What a parse fills, kept for the next one.
#[derive(Clone, Debug, Default)]
struct Buffers {
    words: Vec<Token>,
    addresses: Vec<Address>,
    modules: Vec<Module>,
    arguments: Vec<Token>,
    used: Vec<Used>,
}

impl Buffers {
    fn clear(&mut self) {
        self.words.clear();
        self.addresses.clear();
        self.modules.clear();
        self.arguments.clear();
        self.used.clear();
    }
}

/// A match or target of a rule, in the order in which they were loaded.
#[derive(Clone, Copy, Debug)]
struct Module {
    /// What it is; none for what is not understood, and for a user's chain.
    extension: Option<&'static Extension>,
    kind: Kind,
    /// The name as it was written; none for a match that the protocol implies.
    name: Token,
    /// Its index among the rule's modules.
    index: u16,
    /// The index of the first of the same extension, which is itself where there is one only.
    first: u16,
}

/// A match or target of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Part<'s> {
    spec: &'s Spec<'s>,
    module: &'s Module,
}

impl<'a> Spec<'a> {
    /// Reads `text`, the specification of a rule of `family`.
    ///
    /// # Errors
    /// What iptables-restore or the kernel would refuse for the specification's own sake, with its place. Whether chains
    /// and sets exist, and whether the rule's table and hook allow it, is asked elsewhere.
    pub fn parse(text: &'a str, family: Family) -> Result<Self, SpecError> {
        Parser::new().parse(text, family)
    }

    /// The text that was parsed.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// The rule's family.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// Whether iptables-restore passes the rule over: `-6` in a rule of IPv4, or `-4` in one of IPv6.
    #[must_use]
    pub const fn is_passed_over(&self) -> bool {
        self.base.foreign
    }

    /// The protocol's number; none where any will do.
    #[must_use]
    pub fn protocol(&self) -> Option<Negated<u8>> {
        let (number, place) = self.base.protocol?;
        (number != 0).then_some(Negated { negated: place.negated, value: number })
    }

    /// The protocol's name as iptables-save prints it.
    #[must_use]
    pub fn protocol_name(&self) -> Option<Negated<String>> {
        self.protocol().map(|Negated { negated, value }| Negated { negated, value: protocol::name(value) })
    }

    /// The source addresses; several stand for a rule each.
    #[must_use]
    pub fn source(&self) -> Option<Negated<&[Address]>> {
        self.addresses(self.base.source.as_ref())
    }

    /// The destination addresses; several stand for a rule each.
    #[must_use]
    pub fn destination(&self) -> Option<Negated<&[Address]>> {
        self.addresses(self.base.destination.as_ref())
    }

    fn addresses(&self, given: Option<&Addresses>) -> Option<Negated<&[Address]>> {
        let given = given?;
        let value = self.buffers.addresses.get(given.range.clone()).unwrap_or_default();
        Some(Negated { negated: given.place.negated, value })
    }

    /// The interface that the packet came in by.
    #[must_use]
    pub fn in_interface(&self) -> Option<Negated<Cow<'a, str>>> {
        self.text_of(self.base.in_interface.as_ref())
    }

    /// The interface that the packet leaves by.
    #[must_use]
    pub fn out_interface(&self) -> Option<Negated<Cow<'a, str>>> {
        self.text_of(self.base.out_interface.as_ref())
    }

    fn text_of(&self, place: Option<&Place>) -> Option<Negated<Cow<'a, str>>> {
        place.map(|place| Negated { negated: place.negated, value: place.token.text(self.text) })
    }

    /// Whether the rule asks for fragments behind the first; negated for the first and for whole packets.
    #[must_use]
    pub fn fragment(&self) -> Option<Negated<()>> {
        self.base.fragment.map(|place| Negated { negated: place.negated, value: () })
    }

    /// The packets and bytes that `-c` gives the rule.
    #[must_use]
    pub const fn counters(&self) -> Option<[u64; 2]> {
        self.base.counted
    }

    /// Where the option stands in the text, its value included.
    #[must_use]
    pub fn base_span(&self, option: BaseOption) -> Option<Span> {
        let base = &self.base;
        let place = match option {
            BaseOption::Source => base.source.as_ref().map(|given| given.place),
            BaseOption::Destination => base.destination.as_ref().map(|given| given.place),
            BaseOption::InInterface => base.in_interface,
            BaseOption::OutInterface => base.out_interface,
            BaseOption::Protocol => base.protocol.map(|(_, place)| place),
            BaseOption::Fragment => base.fragment,
            BaseOption::Counters => base.counters,
            _ => None,
        };
        place.map(|place| place.span)
    }

    /// The matches, those that the protocol implied among them, in order.
    pub fn matches(&self) -> impl Iterator<Item = Part<'_>> {
        self.parts().filter(|part| part.module.kind == Kind::Match)
    }

    /// The target or the chain behind `-j` or `-g`.
    #[must_use]
    pub fn target(&self) -> Option<Part<'_>> {
        let module = self.buffers.modules.get(usize::from(self.target?))?;
        Some(Part { spec: self, module })
    }

    /// Whether the rule's jump is a goto, which does not come back.
    #[must_use]
    pub const fn is_goto(&self) -> bool {
        self.goto
    }

    /// The matches and the target, in the order in which they were loaded.
    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.buffers.modules.iter().map(|module| Part { spec: self, module })
    }

    /// Whether a match called `name` is there.
    #[must_use]
    pub fn has_match(&self, name: &str) -> bool {
        self.matches().any(|part| part.name() == name)
    }

    /// The canonical text of the value of the option called `long`, of whatever match or target.
    #[must_use]
    pub fn option(&self, long: &str) -> Option<Negated<String>> {
        self.parts().find_map(|part| part.option(long))
    }

    /// The texts of the comments, in order.
    pub fn comments(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let comments = self.matches().filter(|part| part.name() == "comment");
        comments.filter_map(|part| Some(part.instance()?.get("comment")?.argument.first))
    }

    /// Whether every match and target of the rule is understood.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        let chain = |part: &Part<'_>| part.module.kind == Kind::Target && !part.has_words();
        self.parts().all(|part| part.extension().is_some() || chain(&part))
    }

    /// The tables that allow what the rule asks for.
    #[must_use]
    pub fn tables(&self) -> TableSet {
        self.parts()
            .filter_map(|part| part.instance())
            .fold(TableSet::ALL, |tables, part| tables.and(part.tables()))
    }

    /// The hooks that allow what the rule asks for, in a built-in chain.
    #[must_use]
    pub fn hooks(&self) -> HookSet {
        self.extension_hooks().and(self.interface_hooks())
    }

    /// The hooks that allow its matches and its target: those from which the rule may be reached, through whatever jumps.
    #[must_use]
    pub fn extension_hooks(&self) -> HookSet {
        self.parts()
            .filter_map(|part| part.instance())
            .fold(HookSet::ALL, |hooks, instance| hooks.and(instance.hooks()))
    }

    /// The hooks that allow its interfaces; iptables asks this of rules in built-in chains alone.
    #[must_use]
    pub fn interface_hooks(&self) -> HookSet {
        let given = [
            (self.base.in_interface, BaseOption::InInterface),
            (self.base.out_interface, BaseOption::OutInterface),
        ];
        let given = given.iter().filter(|(place, _)| place.is_some());
        given.fold(HookSet::ALL, |hooks, (_, option)| hooks.and(option.hooks()))
    }

    fn protocol_so_far(&self) -> ProtocolSoFar {
        self.base.protocol.map_or_else(ProtocolSoFar::default, |(number, place)| ProtocolSoFar {
            number,
            negated: place.negated,
        })
    }
}

impl<'s> Part<'s> {
    /// Its name: the extension's own, or as it was written where it is not understood.
    #[must_use]
    pub fn name(&self) -> Cow<'s, str> {
        match self.module.extension {
            Some(extension) => Cow::Borrowed(extension.name),
            None => self.module.name.text(self.spec.text),
        }
    }

    /// Whether it is a match or a target.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.module.kind
    }

    /// What it is, where it is understood; a user's chain is none.
    #[must_use]
    pub const fn extension(&self) -> Option<&'static Extension> {
        self.module.extension
    }

    /// Where its name stands in the text; empty for a match that the protocol implies.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.module.name.span
    }

    /// Whether it has words of its own that are not understood.
    #[must_use]
    pub fn has_words(&self) -> bool {
        self.used().next().is_some()
    }

    /// The first of its options that are not understood, as it was written, with its place.
    #[must_use]
    pub fn stray_option(&self) -> Option<(String, Span)> {
        let used = self.used().find(|used| used.option == Used::OPAQUE)?;
        let word = self.spec.buffers.arguments.get(used.first as usize)?;
        Some((word.text(self.spec.text).into_owned(), used.span))
    }

    fn used(&self) -> impl Iterator<Item = &'s Used> {
        let index = self.module.index;
        self.spec.buffers.used.iter().filter(move |used| used.module == index)
    }

    /// Its options, where it is understood.
    #[must_use]
    pub fn instance(&self) -> Option<Instance<'s>> {
        Some(Instance {
            extension: self.module.extension?,
            family: self.spec.family,
            protocol: self.spec.protocol_so_far(),
            text: self.spec.text,
            arguments: &self.spec.buffers.arguments,
            used: &self.spec.buffers.used,
            module: self.module.index,
        })
    }

    /// Its options in the order given, with their places.
    pub fn options(&self) -> impl Iterator<Item = (Given<'s>, Span)> {
        let instance = self.instance();
        self.used().filter_map(move |used| Some((instance?.given(used)?, used.span)))
    }

    /// The canonical text of the value of the option called `long`.
    #[must_use]
    pub fn option(&self, long: &str) -> Option<Negated<String>> {
        let given = self.instance()?.get(long)?;
        Some(Negated { negated: given.negated, value: given.value() })
    }
}
