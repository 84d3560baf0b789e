//! A packet's way as lines of text: the chains that it passed, in each the rules that matched, and what they did.

use crate::model::{ChainId, Ruleset};
use crate::simulate::{Effect, Step};

/// The lines: a heading for each chain, and below it its rules, chains that were jumped into indented.
#[must_use]
pub(super) fn lines(ruleset: &Ruleset, path: &[Step]) -> Vec<String> {
    let mut printer = Printer { ruleset, open: Vec::new(), lines: Vec::new() };
    for (at, step) in path.iter().enumerate() {
        printer.step(step, path.get(at + 1));
    }
    printer.lines
}

struct Printer<'r> {
    ruleset: &'r Ruleset,
    /// The chain that the packet is in, behind those that it is to return to; a goto forgets the chain it came from.
    open: Vec<ChainId>,
    lines: Vec<String>,
}

impl Printer<'_> {
    fn step(&mut self, step: &Step, next: Option<&Step>) {
        let begins =
            self.ruleset.chain(step.chain).hook().is_some() && self.open.first() != Some(&step.chain);
        if begins {
            self.open = vec![step.chain];
            // A chain that did nothing but end is one line.
            if step.rule.is_none() {
                let name = self.name(step);
                return self.leave(step, format!("{name}: {}", self.effect(step)));
            }
            self.heading(step);
        }
        let indent = self.indent();
        if step.rule.is_some() {
            let number = format!("{indent}  {}  ", step.number);
            self.lines.push(format!("{number}{}", step.text(self.ruleset)));
            self.lines.push(format!("{}=> {}", " ".repeat(number.len()), self.effect(step)));
        } else {
            self.lines.push(format!("{indent}  {}", self.effect(step)));
        }
        match &step.effect {
            Effect::Jumped(chain) => self.enter(*chain, step, next),
            Effect::WentTo(chain) => {
                self.open.pop();
                self.enter(*chain, step, next);
            }
            Effect::Returned | Effect::Ended => {
                self.open.pop();
            }
            _ if step.rule.is_none() => self.open.clear(),
            _ => {}
        }
        if next.is_some_and(|next| !self.open.contains(&next.chain)) {
            self.open.clear();
        }
    }

    fn leave(&mut self, step: &Step, line: String) {
        self.lines.push(line);
        if step.rule.is_none() {
            self.open.clear();
        }
    }

    /// Begins a chain, unless nothing is told of it.
    fn enter(&mut self, chain: ChainId, step: &Step, next: Option<&Step>) {
        self.open.push(chain);
        if next.is_some_and(|next| next.chain == chain) {
            let line = format!("{}{} {}", self.indent(), step.table.as_str(), self.ruleset.chain_name(chain));
            self.lines.push(line);
        }
    }

    fn heading(&mut self, step: &Step) {
        let line = self.name(step);
        self.lines.push(line);
    }

    fn name(&self, step: &Step) -> String {
        format!("{} {}", step.table.as_str(), self.ruleset.chain_name(step.chain))
    }

    fn indent(&self) -> String {
        "  ".repeat(self.open.len().saturating_sub(1))
    }

    fn effect(&self, step: &Step) -> String {
        let maybe = if step.maybe { "perhaps: " } else { "" };
        format!("{maybe}{}", step.effect.describe(self.ruleset))
    }
}
