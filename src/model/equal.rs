//! When two rules are the same: when their canonical forms are.

use std::borrow::Cow;
use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::Family;
use super::shape::{Shaper, Spelling};
use super::spec::{Parser, Spec};
use super::targets;
use crate::syntax;

/// The most shapes that are kept.
const MOST: usize = 8192;

thread_local! {
    /// What [`canonical`] has learnt of the rules of each family.
    static LEARNT: RefCell<[Canonical; 2]> = RefCell::new([Family::Ipv4, Family::Ipv6].map(Canonical::new));
}

/// The specification as iptables-save would print it; where it is not understood, its words as they are.
#[must_use]
pub fn canonical(body: &str, family: Family) -> Cow<'_, str> {
    LEARNT.with_borrow_mut(|[four, six]| match family {
        Family::Ipv4 => four.of(body),
        Family::Ipv6 => six.of(body),
    })
}

/// Whether two specifications are the same rule.
#[must_use]
pub fn same(one: &str, other: &str, family: Family) -> bool {
    one == other || canonical(one, family) == canonical(other, family)
}

/// Makes canonical texts, and tells at a glance the rules that have theirs already: most of those that iptables-save
/// printed are of the shape of one that was looked at before.
#[derive(Debug)]
pub struct Canonical {
    family: Family,
    parser: Parser,
    shaper: Shaper,
    /// Whether rules of a shape are printed as they are written.
    known: FxHashMap<Box<[u8]>, bool>,
}

impl Canonical {
    /// One that has seen no rule yet.
    #[must_use]
    pub fn new(family: Family) -> Self {
        let shaper = Shaper::new(family, Spelling::Canonical);
        Self { family, parser: Parser::new(), shaper, known: FxHashMap::default() }
    }

    /// What [`canonical`] says of the specification.
    pub fn of<'t>(&mut self, body: &'t str) -> Cow<'t, str> {
        let known = self.known(body);
        if known == Some(true) {
            return Cow::Borrowed(body);
        }
        let (text, same) = match self.parser.parse(body, self.family) {
            Ok(spec) => {
                let text = spec.canonical();
                // Words that are not understood are printed in a way of their own.
                let same = text == body && spec.is_understood();
                self.parser.recycle(spec);
                (text, same)
            }
            Err(_) => (words(body), false),
        };
        self.learn(known, same);
        Cow::Owned(text)
    }

    /// Whether the specification is one rule that is known to be in canonical form.
    pub fn is_known(&mut self, body: &str) -> bool {
        self.known(body) == Some(true)
    }

    /// Reads the specification, after [`Canonical::is_known`] said no to it, and hands it on with what it is printed as.
    ///
    /// # Errors
    /// As [`Spec::parse`].
    pub fn read<'t, T>(
        &mut self,
        body: &'t str,
        then: impl FnOnce(&Spec<'t>) -> T,
    ) -> Result<T, super::spec::SpecError> {
        let spec = self.parser.parse(body, self.family)?;
        if self.shaper.last().is_some_and(|shape| !self.known.contains_key(shape)) {
            let same = spec.rule_count() == 1 && spec.is_understood() && spec.canonical() == body;
            self.learn(None, same);
        }
        let result = then(&spec);
        self.parser.recycle(spec);
        Ok(result)
    }

    fn known(&mut self, body: &str) -> Option<bool> {
        let is_chain = is_chain(body, self.family);
        self.known.get(self.shaper.shape(body, is_chain)?).copied()
    }

    fn learn(&mut self, known: Option<bool>, same: bool) {
        if let Some(shape) = self.shaper.last().filter(|_| known.is_none() && self.known.len() < MOST) {
            self.known.insert(shape.into(), same);
        }
    }
}

/// Whether the specification ends in a jump to what is no target.
fn is_chain(body: &str, family: Family) -> bool {
    let Some(at) = memchr::memrchr(b' ', body.as_bytes()) else { return false };
    let (head, name) = body.split_at_checked(at + 1).unwrap_or_default();
    head.ends_with("-j ") && targets::find(name, family).is_none() || head.ends_with("-g ")
}

/// The words of a specification that cannot be read, one blank between them.
fn words(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    for word in syntax::words(body).map_while(Result::ok) {
        if !out.is_empty() {
            out.push(' ');
        }
        syntax::push_word(&mut out, &word.text);
    }
    out
}
