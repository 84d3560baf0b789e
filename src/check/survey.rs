//! What all checks look at, gathered in one walk over the rules.

use super::graph::{Graph, Jump};
use crate::model::extension::{HookSet, TableSet};
use crate::model::spec::{BaseOption, Parser, Spec, SpecError};
use crate::model::{ChainId, RuleId, Ruleset, Symbol, TableName, targets};

/// A rule that something is to be said of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) table: TableName,
    pub(super) chain: ChainId,
    pub(super) rule: RuleId,
}

/// A rule that only some hooks may reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub(super) place: Place,
    pub(super) hooks: HookSet,
}

/// What one walk over the rules found.
#[derive(Debug)]
pub(super) struct Survey<'r> {
    pub(super) ruleset: &'r Ruleset,
    /// Who jumps to whom, each table apart.
    pub(super) graph: Graph,
    /// Rules that iptables refuses as they are.
    pub(super) refused: Vec<(Place, SpecError)>,
    /// Rules that jump to what is neither a chain nor a target.
    pub(super) missing: Vec<Place>,
    /// Rules that jump to a built-in chain.
    pub(super) built_in: Vec<Place>,
    /// Rules with a match or target that their table does not take.
    pub(super) tables: Vec<(Place, TableSet)>,
    /// Rules with a match or target that not every hook takes.
    pub(super) bound: Vec<Bound>,
    /// Rules of built-in chains with an interface that the hook does not know.
    pub(super) interfaces: Vec<(Place, BaseOption)>,
}

impl<'r> Survey<'r> {
    /// Walks over the ruleset.
    pub(super) fn of(ruleset: &'r Ruleset) -> Self {
        let mut survey = Self {
            ruleset,
            graph: Graph::default(),
            refused: Vec::new(),
            missing: Vec::new(),
            built_in: Vec::new(),
            tables: Vec::new(),
            bound: Vec::new(),
            interfaces: Vec::new(),
        };
        let mut parser = Parser::new();
        for table in TableName::ALL {
            for chain in ruleset.live_chains(table) {
                for rule in ruleset.chain(chain).rules().iter() {
                    survey.rule(&mut parser, Place { table, chain, rule });
                }
            }
        }
        survey
    }

    fn rule(&mut self, parser: &mut Parser, place: Place) {
        let ruleset = self.ruleset;
        let target = ruleset.target(place.rule);
        let to = (!target.is_empty()).then(|| ruleset.table(place.table).chain(target)).flatten();
        if let Some(to) = to {
            if ruleset.chain(to).hook().is_some() {
                self.built_in.push(place);
            } else {
                self.graph.add(Jump { from: place.chain, to, rule: place.rule });
            }
        }
        match parser.parse(ruleset.body(place.rule), ruleset.family()) {
            Ok(spec) => {
                self.spec(place, &spec, to.is_some(), target);
                parser.recycle(spec);
            }
            Err(error) => self.refused.push((place, error)),
        }
    }

    fn spec(&mut self, place: Place, spec: &Spec<'_>, is_chain: bool, target: Symbol) {
        let ruleset = self.ruleset;
        if !is_chain && !target.is_empty() && is_missing(ruleset, spec, target) {
            self.missing.push(place);
        }
        let tables = spec.tables();
        if !tables.contains(place.table) {
            self.tables.push((place, tables));
        }
        let hooks = part_hooks(spec);
        if hooks != HookSet::ALL && tables.contains(place.table) {
            self.bound.push(Bound { place, hooks });
        }
        let Some(hook) = ruleset.chain(place.chain).hook() else { return };
        for option in [BaseOption::InInterface, BaseOption::OutInterface] {
            if spec.base_span(option).is_some() && !option.hooks().contains(hook) {
                self.interfaces.push((place, option));
            }
        }
    }
}

/// The hooks that every match and the target of a rule take. Interfaces are not asked: in a user chain they load
/// wherever it is called from.
fn part_hooks(spec: &Spec<'_>) -> HookSet {
    let parts = spec.matches().chain(spec.target()).filter_map(|part| part.extension());
    parts.fold(HookSet::ALL, |hooks, known| hooks.and(known.hooks))
}

/// Whether the rule jumps to a name that is neither a chain nor a target. A name with options behind it is an extension
/// that is not understood.
fn is_missing(ruleset: &Ruleset, spec: &Spec<'_>, target: Symbol) -> bool {
    let name = ruleset.symbols().name(target);
    let known = targets::find(name, ruleset.family()).is_some();
    if spec.is_goto() {
        return true;
    }
    !known && spec.target().is_some_and(|part| part.extension().is_none() && !part.has_words())
}
