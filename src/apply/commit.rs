//! Making a change in what is live, and its way back: always a delta against what is there at that moment.

use std::rc::Rc;

use super::dump::{Dump, parse};
use super::lock::Lock;
use super::run::{Run, Which};
use super::tools::{Tools, stem};
use crate::delta::{self, View};
use crate::diagnostic::Diagnostic;
use crate::model::{Family, Ruleset};

/// How often a delta that others overtook is computed anew.
const OVERTAKEN: usize = 3;

/// Which way a run's change is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the base to the target.
    Forward,
    /// From the target back to the base.
    Back,
}

/// A change of one family: what it was made from and what it makes.
#[derive(Clone, Debug)]
pub struct Change {
    family: Family,
    tools: Tools,
    base: Rc<Side>,
    target: Rc<Side>,
}

#[derive(Debug)]
struct Side {
    text: Vec<u8>,
    ruleset: Ruleset,
}

impl Side {
    fn new(family: Family, text: Vec<u8>) -> Result<Rc<Self>, Diagnostic> {
        let ruleset = parse(family, text.clone())?;
        Ok(Rc::new(Self { text, ruleset }))
    }
}

/// What was done to what is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// How many lines it took; 0 where nothing was to be done.
    pub lines: usize,
    /// Whether what is live was not what the change was made from.
    pub changed: bool,
}

/// What reading back showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What of the change does not hold; nothing where all does.
    pub differences: Vec<String>,
    /// Where it holds, the rules of others that are gone or new since the change was made up.
    pub meanwhile: Vec<String>,
}

impl Change {
    /// The change of a run in one family.
    ///
    /// # Errors
    /// That its rulesets cannot be read.
    pub fn of(run: &Run, family: Family, tools: &Tools) -> Result<Self, Diagnostic> {
        let side = |which| {
            let text = run.ruleset(family, which).map_err(|error| {
                let path = run.ruleset_path(family, which);
                Diagnostic::error("unreadable-state", format!("`{}` cannot be read: {error}", path.display()))
            })?;
            Side::new(family, Dump::new(text).text)
        };
        Ok(Self { family, tools: tools.clone(), base: side(Which::Base)?, target: side(Which::Target)? })
    }

    /// The family.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// Reads what is live.
    ///
    /// # Errors
    /// That it cannot be read.
    pub fn live(&self) -> Result<Vec<u8>, Diagnostic> {
        Dump::read(self.family, &self.tools).map(|dump| dump.text)
    }

    const fn ends(&self, way: Way) -> (&Rc<Side>, &Rc<Side>) {
        match way {
            Way::Forward => (&self.base, &self.target),
            Way::Back => (&self.target, &self.base),
        }
    }

    /// What `live` is once the change is made in it.
    ///
    /// # Errors
    /// That a ruleset cannot be read.
    pub fn desired(&self, live: &[u8], way: Way) -> Result<Ruleset, Diagnostic> {
        let (from, to) = self.ends(way);
        if live == from.text || live == to.text {
            return parse(self.family, to.text.clone());
        }
        let merged = |from: &Ruleset, to: &Ruleset, live: &Ruleset| {
            let mut text = Vec::new();
            let [from, to, live] = [from, to, live].map(View::result);
            delta::write_merged(from, to, live, &mut text)
                .map_err(|error| Diagnostic::error("unreadable-input", error.to_string()))?;
            parse(self.family, text)
        };
        // What of the change is there already is taken out first, so that it is placed anew.
        let live = parse(self.family, live.to_vec())?;
        let without = merged(&to.ruleset, &from.ruleset, &live)?;
        match way {
            Way::Forward => merged(&from.ruleset, &to.ruleset, &without),
            // Nothing is to be taken out of what is on its way back.
            Way::Back => merged(&from.ruleset, &to.ruleset, &live),
        }
    }

    /// Makes the change in what is live. What is refused because others changed the rules since they were read, as a place
    /// in a chain that became shorter is, is tried anew.
    ///
    /// # Errors
    /// That what is live cannot be read, or that the kernel refuses the delta.
    pub fn make(&self, way: Way, lock: &Lock) -> Result<Done, Diagnostic> {
        let mut live = self.live()?;
        for _ in 0..OVERTAKEN {
            let made = self.make_in(&live, way, lock);
            if made.is_ok() {
                return made;
            }
            let now = self.live()?;
            if now == live {
                return made;
            }
            live = now;
        }
        self.make_in(&live, way, lock)
    }

    fn make_in(&self, live: &[u8], way: Way, lock: &Lock) -> Result<Done, Diagnostic> {
        let desired = self.desired(live, way)?;
        let changed = live != self.ends(way).0.text;
        let live = parse(self.family, live.to_vec())?;
        let lines = load(self.family, &self.tools, &live, &desired, lock)?;
        Ok(Done { lines, changed })
    }

    /// Reads back what is live, and compares it with what the change makes.
    ///
    /// # Errors
    /// That what is live cannot be read.
    pub fn verify(&self, way: Way) -> Result<Verdict, Diagnostic> {
        let live = self.live()?;
        let (from, to) = self.ends(way);
        if live == to.text {
            return Ok(Verdict::default());
        }
        let live_ruleset = parse(self.family, live.clone())?;
        let [from, to, now] = [&from.ruleset, &to.ruleset, &live_ruleset].map(View::result);
        let differences = delta::differences(from, to, now);
        if differences.is_empty() || self.is_best(&live, &live_ruleset, way, &differences)? {
            return Ok(Verdict { differences: Vec::new(), meanwhile: delta::meanwhile(to, now) });
        }
        Ok(Verdict { differences, meanwhile: Vec::new() })
    }

    /// Others may have reordered what is theirs: what cannot be made better holds.
    fn is_best(
        &self,
        live: &[u8],
        ruleset: &Ruleset,
        way: Way,
        differences: &[String],
    ) -> Result<bool, Diagnostic> {
        let desired = self.desired(live, way)?;
        let better = delta::between(View::result(ruleset), View::result(&desired));
        let is_ours = |difference: &String| way == Way::Forward && !difference.ends_with("another order");
        Ok(better.is_empty() && !differences.iter().any(is_ours))
    }
}

/// Turns `live` into `desired`; how many lines that took.
///
/// # Errors
/// That the kernel refuses it.
pub fn load(
    family: Family,
    tools: &Tools,
    live: &Ruleset,
    desired: &Ruleset,
    lock: &Lock,
) -> Result<usize, Diagnostic> {
    let delta = delta::between(View::result(live), View::result(desired));
    if delta.is_empty() {
        return Ok(0);
    }
    let mut text = Vec::new();
    delta.write(&mut text).map_err(|error| Diagnostic::error("unreadable-input", error.to_string()))?;
    let lines = delta.tables().iter().map(|table| table.lines().len()).sum();
    let program = format!("{}-restore", stem(family));
    let loaded =
        tools.load(text, lock).map_err(|error| Diagnostic::error("kernel-refused", error.to_string()))?;
    if loaded.status.success() {
        return Ok(lines);
    }
    let message = format!("`{program}` refused the change: {}", loaded.ending());
    let refused = Diagnostic::error("kernel-refused", message);
    Err(loaded.words().fold(refused, Diagnostic::note))
}
