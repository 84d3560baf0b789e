//! What all checks look at, gathered in one walk over the rules.

use std::cell::OnceCell;

use super::graph::{Graph, Jump, Jumps};
use super::shapes::{Facts, Interfaces, Shapes};
use crate::model::extension::{HookSet, Kind, TableSet};
use crate::model::spec::{BaseOption, Parser, Part, Spec, SpecError, SpecErrorKind};
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
    /// The interfaces that its rules name.
    pub(super) interfaces: Interfaces,
}

/// What one walk over the rules found.
#[derive(Debug)]
pub(super) struct Survey<'r> {
    pub(super) ruleset: &'r Ruleset,
    /// Who jumps to whom.
    pub(super) graph: Graph<'r>,
    /// For each chain by its number, the hooks that it is reached from; worked out when it is asked for.
    reach: OnceCell<Vec<HookSet>>,
    /// What each chain by its number needs.
    pub(super) needs: Vec<Needs>,
    /// Rules that iptables refuses as they are.
    pub(super) refused: Vec<(Place, SpecError)>,
    /// Rules that jump to what is neither a chain nor a target.
    pub(super) missing: Vec<Place>,
    /// Rules with a match or target that is not known.
    pub(super) unknown: Vec<Place>,
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
        let needs = Needs { hooks: HookSet::ALL, interfaces: Interfaces::default() };
        let mut survey = Self {
            ruleset,
            graph: Graph::new(ruleset),
            reach: OnceCell::new(),
            needs: vec![needs; ruleset.chain_count()],
            refused: Vec::new(),
            missing: Vec::new(),
            unknown: Vec::new(),
            built_in: Vec::new(),
            tables: Vec::new(),
            noted: Vec::new(),
        };
        let mut reader = Reader { parser: Parser::new(), shapes: Shapes::new(ruleset.family()) };
        for table in TableName::ALL {
            for chain in ruleset.live_chains(table) {
                survey.chain(&mut reader, table, chain);
            }
        }
        survey
    }

    /// For each chain by its number, the hooks that it is reached from.
    pub(super) fn reach(&self) -> &[HookSet] {
        self.reach.get_or_init(|| self.graph.reach(Jumps::All))
    }

    fn chain(&mut self, reader: &mut Reader, table: TableName, chain: ChainId) {
        self.graph.begin(chain);
        for rule in self.ruleset.chain(chain).rules().iter() {
            let place = Place { table, chain, rule };
            let to = self.jump(place);
            match reader.facts(self.ruleset, place, to) {
                Ok(facts) => self.rule(place, facts),
                // A chain with the name of a target hides the target, whose options are not asked for then.
                Err(_) if to.is_some() && is_target(self.ruleset, self.ruleset.target(rule)) => {}
                Err(error) => self.refused.push((place, error)),
            }
        }
    }

    /// Takes in the jump of a rule, if it has one to a chain; the chain.
    fn jump(&mut self, place: Place) -> Option<ChainId> {
        let target = self.ruleset.target(place.rule);
        let to = (!target.is_empty()).then(|| self.ruleset.table(place.table).chain(target)).flatten()?;
        if self.ruleset.chain(to).hook().is_some() {
            self.built_in.push(place);
        } else {
            self.graph.add(Jump { from: place.chain, to, rule: place.rule });
        }
        Some(to)
    }

    fn rule(&mut self, place: Place, facts: Facts) {
        if facts.missing {
            self.missing.push(place);
        }
        if facts.noted && super::added_by(self.ruleset, place.rule).is_some() {
            self.noted.push(place);
        }
        if facts.unknown {
            self.unknown.push(place);
        }
        let fits = facts.tables.contains(place.table);
        if !fits {
            self.tables.push(place);
        }
        if let Some(needs) = self.needs.get_mut(place.chain.index()) {
            needs.interfaces.incoming |= facts.interfaces.incoming;
            needs.interfaces.outgoing |= facts.interfaces.outgoing;
            if fits {
                needs.hooks = needs.hooks.and(facts.hooks);
            }
        }
    }
}

/// Reads rules: those of a shape that was seen before at a glance.
struct Reader {
    parser: Parser,
    shapes: Shapes,
}

impl Reader {
    fn facts(&mut self, ruleset: &Ruleset, place: Place, to: Option<ChainId>) -> Result<Facts, SpecError> {
        let body = ruleset.body(place.rule);
        if let Some(facts) = self.shapes.find(body, to.is_some()) {
            return Ok(facts);
        }
        let spec = self.parser.parse(body, ruleset.family())?;
        if let Some(error) = stray_option(&spec).filter(|_| to.is_some()) {
            return Err(error);
        }
        let facts = facts(ruleset, &spec, to.is_some(), ruleset.target(place.rule));
        self.parser.recycle(spec);
        self.shapes.learn(facts);
        Ok(facts)
    }
}

fn facts(ruleset: &Ruleset, spec: &Spec<'_>, is_chain: bool, target: Symbol) -> Facts {
    let parts = parts(spec, is_chain).filter_map(|part| part.instance());
    Facts {
        tables: parts.fold(TableSet::ALL, |tables, part| tables.and(part.tables())),
        hooks: hooks(spec, is_chain),
        interfaces: Interfaces {
            incoming: spec.base_span(BaseOption::InInterface).is_some(),
            outgoing: spec.base_span(BaseOption::OutInterface).is_some(),
        },
        missing: !is_chain && !target.is_empty() && is_missing(ruleset, spec, target),
        unknown: self::parts(spec, is_chain).any(|part| is_unknown(&part)),
        noted: !spec.notes().is_empty(),
    }
}

/// The matches and the target of a rule; a target whose name a chain has is none.
pub(super) fn parts<'s>(spec: &'s Spec<'s>, is_chain: bool) -> impl Iterator<Item = Part<'s>> {
    spec.matches().chain(spec.target().filter(|_| !is_chain))
}

/// The option that a rule gives to the chain that it jumps to: a chain has none.
fn stray_option(spec: &Spec<'_>) -> Option<SpecError> {
    let chain = spec.target().filter(|part| part.extension().is_none())?;
    let (option, span) = chain.stray_option()?;
    Some(SpecError { kind: SpecErrorKind::UnknownOption { option, hint: None }, span })
}

/// Whether a match or target is not known; a target without options is a chain.
pub(super) fn is_unknown(part: &Part<'_>) -> bool {
    part.extension().is_none() && (part.kind() == Kind::Match || part.has_words())
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
