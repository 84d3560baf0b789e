//! Printing a specification as iptables-save does.

use super::base::Place;
use super::{Negated, Part, Spec};
use crate::model::extension::{Kind, Used};
use crate::model::value::address::Address;
use crate::model::value::{Sink, protocol};

impl Spec<'_> {
    /// Appends what iptables-save prints behind `-A CHAIN ` for this rule: for one whose addresses are lists, the first
    /// of the rules that it stands for.
    pub fn write_canonical(&self, out: &mut String) {
        let first = |given: Option<Negated<&[Address]>>| given.and_then(|given| given.value.first().copied());
        self.write_with(first(self.source()), first(self.destination()), "", out);
    }

    /// What [`Spec::write_canonical`] appends.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut out = String::with_capacity(self.text.len() + 16);
        self.write_canonical(&mut out);
        out
    }

    /// Prints it with these addresses in place of the lists, and with this match behind its own.
    pub(super) fn write_with(
        &self,
        source: Option<Address>,
        destination: Option<Address>,
        more: &str,
        out: &mut String,
    ) {
        let start = out.len();
        self.push(source, destination, more, &mut Sink::to(out));
        // Every part begins with a blank, and the first one is too many.
        if out.len() > start {
            out.remove(start);
        }
    }

    fn push(&self, source: Option<Address>, destination: Option<Address>, more: &str, out: &mut Sink<'_>) {
        let negated = |given: Option<Negated<&[Address]>>| given.is_some_and(|given| given.negated);
        push_address("-s", source, negated(self.source()), out);
        push_address("-d", destination, negated(self.destination()), out);
        self.push_interface("-i", self.base.in_interface.as_ref(), out);
        self.push_interface("-o", self.base.out_interface.as_ref(), out);
        if let Some(Negated { negated, value }) = self.protocol() {
            push_option("-p", negated, out);
            out.push(' ');
            protocol::push(value, out);
        }
        if let Some(Negated { negated, .. }) = self.fragment() {
            push_option("-f", negated, out);
        }
        self.push_matches(out);
        if !more.is_empty() {
            out.push(' ');
            out.push_str(more);
        }
        if let Some(target) = self.target() {
            target.push(out);
        }
    }

    fn push_interface(&self, option: &str, place: Option<&Place>, out: &mut Sink<'_>) {
        let Some(place) = place else { return };
        let name = place.token.text(self.text);
        // A lone `+` is every interface, and no condition; negated, the nft backend keeps it.
        if name == "+" && !place.negated {
            return;
        }
        push_option(option, place.negated, out);
        out.push(' ');
        out.push_word(&name);
    }
}

fn push_option(option: &str, negated: bool, out: &mut Sink<'_>) {
    out.push_str(if negated { " ! " } else { " " });
    out.push_str(option);
}

fn push_address(option: &str, address: Option<Address>, negated: bool, out: &mut Sink<'_>) {
    let Some(address) = address else { return };
    if address.is_any() && !negated {
        return;
    }
    push_option(option, negated, out);
    out.push(' ');
    address.push(out);
}

impl Part<'_> {
    pub(super) fn push(&self, out: &mut Sink<'_>) {
        if let Some(instance) = self.instance() {
            instance.push(out);
            return;
        }
        out.push_str(match (self.kind(), self.spec.goto) {
            (Kind::Match, _) => " -m ",
            (Kind::Target, false) => " -j ",
            (Kind::Target, true) => " -g ",
        });
        out.push_word(&self.name());
        self.used().for_each(|used| self.push_opaque(used, out));
    }

    /// Words that are not understood, as they are.
    fn push_opaque(&self, used: &Used, out: &mut Sink<'_>) {
        if used.negated {
            out.push_str(" !");
        }
        let first = used.first as usize;
        let words =
            self.spec.buffers.arguments.get(first..first + usize::from(used.count)).unwrap_or_default();
        for word in words {
            out.push(' ');
            out.push_word(&word.text(self.spec.text));
        }
    }
}
