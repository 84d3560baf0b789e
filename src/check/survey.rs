//! What all checks look at, gathered in one walk over the rules.

use super::graph::{Graph, Jump};
use crate::model::extension::HookSet;
use crate::model::spec::{BaseOption, Parser, Part, Spec, SpecError};
use crate::model::{ChainId, RuleId, Ruleset, Symbol, TableName, targets};

/// A rule that something is to be said of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) table: TableName,
    pub(super) chain: ChainId,
    pub(super) rule: RuleId,
}

/// What the rules of a chain have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs {
    /// The hooks that all of its matches and targets take.
    pub(super) hooks: HookSet,
    /// Whether a rule names the interface that packets came in by.
    pub(super) incoming: bool,
    /// Whether a rule names the interface that packets leave by.
    pub(super) outgoing: bool,
}

/// What one walk over the rules found.
#[derive(Debug)]
pub(super) struct Survey<'r> {
    pub(super) ruleset: &'r Ruleset,
    /// Who jumps to whom.
    pub(super) graph: Graph<'r>,
    /// What each chain by its number needs.
    pub(super) needs: Vec<Needs>,
    /// Rules that iptables refuses as they are.
    pub(super) refused: Vec<(Place, SpecError)>,
    /// Rules that jump to what is neither a chain nor a target.
    pub(super) missing: Vec<Place>,
    /// Rules that jump to a built-in chain.
    pub(super) built_in: Vec<Place>,
    /// Rules with a match or target that their table does not take.
    pub(super) tables: Vec<Place>,
    /// Rules of which iptables makes something else than they say.
    pub(super) noted: Vec<Place>,
}

impl<'r> Survey<'r> {
    /// Walks over the ruleset.
    pub(super) fn of(ruleset: &'r Ruleset) -> Self {
        let needs = Needs { hooks: HookSet::ALL, incoming: false, outgoing: false };
        let mut survey = Self {
            ruleset,
            graph: Graph::new(ruleset),
            needs: vec![needs; ruleset.chain_count()],
            refused: Vec::new(),
            missing: Vec::new(),
            built_in: Vec::new(),
            tables: Vec::new(),
            noted: Vec::new(),
        };
        let mut parser = Parser::new();
        for table in TableName::ALL {
            for chain in ruleset.live_chains(table) {
                survey.chain(&mut parser, table, chain);
            }
        }
        survey
    }

    fn chain(&mut self, parser: &mut Parser, table: TableName, chain: ChainId) {
        self.graph.begin(chain);
        for rule in self.ruleset.chain(chain).rules().iter() {
            self.rule(parser, Place { table, chain, rule });
        }
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
            // A chain with the name of a target hides the target, whose options are not asked for then.
            Err(_) if to.is_some() && is_target(ruleset, target) => {}
            Err(error) => self.refused.push((place, error)),
        }
    }

    fn spec(&mut self, place: Place, spec: &Spec<'_>, is_chain: bool, target: Symbol) {
        let ruleset = self.ruleset;
        if !is_chain && !target.is_empty() && is_missing(ruleset, spec, target) {
            self.missing.push(place);
        }
        let fits = parts(spec, is_chain).all(|part| takes(&part, place.table));
        if !fits {
            self.tables.push(place);
        }
        if super::added_by(ruleset, place.rule).is_some() && !spec.notes().is_empty() {
            self.noted.push(place);
        }
        if let Some(needs) = self.needs.get_mut(place.chain.index()) {
            if fits {
                needs.hooks = needs.hooks.and(hooks(spec, is_chain));
            }
            needs.incoming |= spec.base_span(BaseOption::InInterface).is_some();
            needs.outgoing |= spec.base_span(BaseOption::OutInterface).is_some();
        }
    }
}

/// The matches and the target of a rule; a target whose name a chain has is none.
pub(super) fn parts<'s>(spec: &'s Spec<'s>, is_chain: bool) -> impl Iterator<Item = Part<'s>> {
    spec.matches().chain(spec.target().filter(|_| !is_chain))
}

/// Whether `table` takes the match or target.
pub(super) fn takes(part: &Part<'_>, table: TableName) -> bool {
    part.instance().is_none_or(|part| part.tables().contains(table))
}

/// The hooks that every match and the target of a rule take. Interfaces are not asked: in a user chain they load wherever
/// it is called from.
pub(super) fn hooks(spec: &Spec<'_>, is_chain: bool) -> HookSet {
    let parts = parts(spec, is_chain).filter_map(|part| part.instance());
    parts.fold(HookSet::ALL, |hooks, part| hooks.and(part.hooks()))
}

/// Whether the rule jumps to a chain.
pub(super) fn is_chain_jump(ruleset: &Ruleset, place: Place) -> bool {
    let target = ruleset.target(place.rule);
    !target.is_empty() && ruleset.table(place.table).chain(target).is_some()
}

fn is_target(ruleset: &Ruleset, name: Symbol) -> bool {
    targets::find(ruleset.symbols().name(name), ruleset.family()).is_some()
}

/// Whether the rule jumps to a name that is neither a chain nor a target. A name with options behind it is an extension
/// that is not understood; a goto leads to chains alone.
fn is_missing(ruleset: &Ruleset, spec: &Spec<'_>, target: Symbol) -> bool {
    spec.is_goto()
        || !is_target(ruleset, target)
            && spec.target().is_some_and(|part| part.extension().is_none() && !part.has_words())
}
