//! Lists of addresses: a rule for each pair, as iptables makes them.

use super::Spec;
use crate::model::Family;
use crate::model::value::address::Address;

/// The rules that a specification stands for.
#[derive(Clone, Debug)]
pub struct Expanded<'s> {
    spec: &'s Spec<'s>,
    next: usize,
    count: usize,
}

impl Spec<'_> {
    /// The rules that this stands for: one for each pair of a source and a destination, the destinations changing fastest;
    /// none where iptables-restore passes it over.
    #[must_use]
    pub fn expand(&self) -> Expanded<'_> {
        Expanded { spec: self, next: 0, count: self.rule_count() }
    }

    /// How many rules this stands for.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        if self.is_passed_over() { 0 } else { self.source_count() * self.destination_count() }
    }

    fn source_count(&self) -> usize {
        self.source().map_or(1, |given| given.value.len())
    }

    fn destination_count(&self) -> usize {
        self.destination().map_or(1, |given| given.value.len())
    }
}

/// One of the rules that a specification stands for.
#[derive(Clone, Copy, Debug)]
pub struct Single<'s> {
    spec: &'s Spec<'s>,
    /// The source of this rule.
    pub source: Option<Address>,
    /// The destination of this rule.
    pub destination: Option<Address>,
}

impl Single<'_> {
    /// Appends what iptables-save prints for this rule.
    pub fn write_canonical(&self, out: &mut String) {
        self.spec.write_with(self.source, self.destination, "", out);
    }

    /// What iptables-save prints for this rule with the match `more`, which is in canonical form, behind its own.
    pub(in crate::model) fn canonical_with(&self, more: &str) -> String {
        let mut out = String::with_capacity(self.spec.text.len() + more.len() + 16);
        self.spec.write_with(self.source, self.destination, more, &mut out);
        out
    }

    /// Whether it has a comment.
    pub(in crate::model) fn has_comment(&self) -> bool {
        self.spec.has_match("comment")
    }

    /// The rule's family.
    pub(in crate::model) const fn family(&self) -> Family {
        self.spec.family
    }

    /// What [`Single::write_canonical`] appends.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.write_canonical(&mut out);
        out
    }
}

impl<'s> Iterator for Expanded<'s> {
    type Item = Single<'s>;

    fn next(&mut self) -> Option<Single<'s>> {
        if self.next >= self.count {
            return None;
        }
        let spec = self.spec;
        let width = spec.destination_count().max(1);
        let (row, column) = (self.next / width, self.next % width);
        self.next += 1;
        let source = spec.source().and_then(|given| given.value.get(row).copied());
        let destination = spec.destination().and_then(|given| given.value.get(column).copied());
        Some(Single { spec, source, destination })
    }
}
