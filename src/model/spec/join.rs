//! Matches that iptables-save prints as one: the nft backend takes ports and flags apart, and has them back in one piece.
//!
//! Where two of them say the same thing twice, iptables-save forgets the first; here each stays for itself.

use super::{Part, Spec};
use crate::model::extension::{Instance, Used};
use crate::model::value::Sink;

impl Spec<'_> {
    /// Appends the matches.
    pub(super) fn push_matches(&self, out: &mut Sink<'_>) {
        let joining = |part: &Part<'_>| part.extension().is_some_and(|extension| extension.joins.is_some());
        if self.matches().filter(joining).count() < 2 {
            self.matches().for_each(|part| part.push(out));
            return;
        }
        let mut joined: Vec<u16> = Vec::new();
        for part in self.matches() {
            match part.instance().filter(joins) {
                Some(instance) if joined.contains(&instance.module) => {}
                Some(instance) => self.push_joined(instance, &mut joined, out),
                None => part.push(out),
            }
        }
    }

    /// Appends a match and those behind it that join it, whose indices it adds to `joined`.
    fn push_joined(&self, first: Instance<'_>, joined: &mut Vec<u16>, out: &mut Sink<'_>) {
        let mut used: Vec<Used> = first.own().copied().collect();
        let behind = self.matches().filter_map(|part| part.instance()).filter(joins);
        let same = |other: &Instance<'_>| std::ptr::eq(other.extension, first.extension);
        for other in behind.filter(|other| other.module > first.module && same(other)) {
            let length = used.len();
            used.extend(other.own().map(|used| Used { module: first.module, ..*used }));
            if repeats(&used) || (Instance { used: &used, ..first }).check().is_err() {
                used.truncate(length);
            } else {
                joined.push(other.module);
            }
        }
        Instance { used: &used, ..first }.push(out);
    }
}

fn joins(instance: &Instance<'_>) -> bool {
    instance.extension.joins.is_some_and(|joins| joins(instance))
}

fn repeats(used: &[Used]) -> bool {
    let mut rest = used.iter();
    while let Some(one) = rest.next() {
        if rest.clone().any(|other| other.option == one.option) {
            return true;
        }
    }
    false
}
