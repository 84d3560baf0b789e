//! What lints look at: a ruleset as it was read or as scripts left it, its rules typed, and what becomes of probes.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::condition::conditions;
use super::probe::{Answer, Probe};
pub(in crate::check) use super::terms::{Closed, Depth, Ends, Fate, Rule, Shadowed, Subnets, Then, When};
use crate::docker::{self, Layout, Owned, Published};
use crate::model::sequence::Sequence;
use crate::model::spec::{Parser, Spec};
use crate::model::{Chain, ChainId, Family, Hook, Policy, RuleId, Ruleset, Symbol, TableName};

/// The most rules that are typed of one ruleset where lints run beside scripts.
const BRIEF: usize = 4000;
/// The most jumps inside each other that are followed.
const DEEPEST: usize = 32;

/// A ruleset in one state. What Docker's rules tell, the layout, the bridges with their subnets and the published ports, is
/// that of the state as scripts left it in either case: lints of both states then speak of the same containers.
#[derive(Debug)]
pub(in crate::check) struct View<'r> {
    ruleset: &'r Ruleset,
    when: When,
    depth: Depth,
    typed: RefCell<FxHashMap<ChainId, Rc<[Rule]>>>,
    room: RefCell<usize>,
    names: OnceCell<FxHashMap<(TableName, Symbol), ChainId>>,
    bridges: OnceCell<Rc<BTreeSet<String>>>,
    published: OnceCell<Rc<Vec<Published>>>,
    subnets: OnceCell<Rc<Subnets>>,
    shadowed: OnceCell<Rc<[Shadowed]>>,
    closed: RefCell<Vec<(Hook, Option<Closed>)>>,
    owned: Owned<'r>,
}

impl<'r> View<'r> {
    /// A view of `ruleset`.
    pub(in crate::check) fn new(ruleset: &'r Ruleset, when: When, depth: Depth) -> Self {
        let room = if depth == Depth::Brief { BRIEF } else { usize::MAX };
        Self {
            ruleset,
            when,
            depth,
            typed: RefCell::default(),
            room: RefCell::new(room),
            names: OnceCell::new(),
            bridges: OnceCell::new(),
            published: OnceCell::new(),
            subnets: OnceCell::new(),
            shadowed: OnceCell::new(),
            closed: RefCell::default(),
            owned: Owned::of_base(ruleset),
        }
    }

    /// The ruleset, for what is the same in either state.
    pub(in crate::check) const fn ruleset(&self) -> &'r Ruleset {
        self.ruleset
    }

    /// The family.
    pub(in crate::check) const fn family(&self) -> Family {
        self.ruleset.family()
    }

    /// The state.
    pub(in crate::check) const fn when(&self) -> When {
        self.when
    }

    /// How much may be looked at.
    pub(in crate::check) const fn depth(&self) -> Depth {
        self.depth
    }

    /// Whether all rules may be walked over.
    pub(in crate::check) fn is_whole(&self) -> bool {
        self.depth == Depth::Whole || self.ruleset.rule_count() <= BRIEF
    }

    /// The chains of a table.
    pub(in crate::check) fn chains(&self, table: TableName) -> impl Iterator<Item = ChainId> + '_ {
        let exists = move |id: &ChainId| {
            let chain = self.ruleset.chain(*id);
            match self.when {
                When::Before => chain.created().is_none(),
                When::After => chain.removed().is_none(),
            }
        };
        self.ruleset.table(table).chains().iter().copied().filter(exists)
    }

    /// The chains of a table that lints go through rule by rule: all, or those that scripts touched.
    pub(in crate::check) fn focus(&self, table: TableName) -> impl Iterator<Item = ChainId> + '_ {
        self.chains(table).filter(|id| {
            let chain = self.ruleset.chain(*id);
            self.depth == Depth::Whole || chain.base().is_some() || chain.created().is_some()
        })
    }

    /// Whether scripts changed what becomes of packets that are not for this host itself, nor from it. That forwarded ones
    /// are dropped for want of a rule is no such change.
    pub(in crate::check) fn touches_forwarded(&self) -> bool {
        let of_host = |chain: &Chain| matches!(chain.hook(), Some(Hook::Input | Hook::Output));
        let is_touched = |chain: &Chain| {
            let opened = chain.policy_edit().is_some() && chain.policy() != Policy::Drop;
            let (now, then) = (chain.rules(), chain.base_rules());
            opened || now.len() != then.len() || now.iter().any(|rule| self.ruleset.added_by(rule).is_some())
        };
        TableName::ALL
            .into_iter()
            .flat_map(|table| self.focus(table).map(move |id| (table, id)))
            .map(|(table, id)| (table, self.ruleset.chain(id)))
            .filter(|(table, chain)| *table != TableName::Filter || !of_host(chain))
            .any(|(_, chain)| is_touched(chain))
    }

    /// Docker's bridges, each with the subnets of its network, as `look` finds them.
    pub(in crate::check) fn subnets(&self, look: impl FnOnce() -> Subnets) -> Rc<Subnets> {
        Rc::clone(self.subnets.get_or_init(|| Rc::new(look())))
    }

    /// The rules that no packet reaches, as `look` finds them.
    pub(in crate::check) fn shadowed(&self, look: impl FnOnce() -> Vec<Shadowed>) -> Rc<[Shadowed]> {
        Rc::clone(self.shadowed.get_or_init(|| look().into()))
    }

    /// A chain's name.
    pub(in crate::check) fn name(&self, id: ChainId) -> &'r str {
        self.ruleset.symbols().name(self.symbol(id))
    }

    fn symbol(&self, id: ChainId) -> Symbol {
        let chain = self.ruleset.chain(id);
        match self.when {
            When::Before => chain.base().map_or(chain.name(), |base| base.name),
            When::After => chain.name(),
        }
    }

    /// The chain called `name`.
    pub(in crate::check) fn chain(&self, table: TableName, name: &str) -> Option<ChainId> {
        self.by_symbol(table, self.ruleset.symbols().get(name)?)
    }

    fn by_symbol(&self, table: TableName, name: Symbol) -> Option<ChainId> {
        match self.when {
            When::After => self.ruleset.table(table).chain(name),
            When::Before => {
                let names = self.names.get_or_init(|| {
                    let tables = TableName::ALL.into_iter();
                    let chains = tables.flat_map(|table| self.chains(table).map(move |id| (table, id)));
                    chains.map(|(table, id)| ((table, self.symbol(id)), id)).collect()
                });
                names.get(&(table, name)).copied()
            }
        }
    }

    /// The built-in chain of a table at a hook.
    pub(in crate::check) fn builtin(&self, table: TableName, hook: Hook) -> Option<ChainId> {
        self.ruleset.builtin(table, hook)
    }

    /// A chain's rules.
    pub(in crate::check) fn rules(&self, id: ChainId) -> &'r Sequence {
        let chain = self.ruleset.chain(id);
        match self.when {
            When::Before => chain.base_rules(),
            When::After => chain.rules(),
        }
    }

    /// A built-in chain's policy.
    pub(in crate::check) fn policy(&self, id: ChainId) -> Policy {
        let chain = self.ruleset.chain(id);
        match self.when {
            When::Before => chain.base().map_or(chain.policy(), |base| base.policy),
            When::After => chain.policy(),
        }
    }

    /// A chain's rules, typed; none where there are too many. A rule that iptables would refuse is left out.
    pub(in crate::check) fn typed(&self, id: ChainId) -> Option<Rc<[Rule]>> {
        if let Some(known) = self.typed.borrow().get(&id) {
            return Some(Rc::clone(known));
        }
        let rules = self.rules(id);
        let left = self.room.borrow().checked_sub(rules.len())?;
        *self.room.borrow_mut() = left;
        let table = self.ruleset.chain(id).table();
        let mut parser = Parser::new();
        let mut typed = Vec::with_capacity(rules.len());
        for rule in rules.iter() {
            let Ok(spec) = parser.parse(self.ruleset.body(rule), self.family()) else { continue };
            if !spec.is_passed_over() {
                let then = self.then(table, rule, &spec);
                typed.push(Rule { id: rule, conditions: conditions(&spec), then });
            }
            parser.recycle(spec);
        }
        let typed: Rc<[Rule]> = typed.into();
        self.typed.borrow_mut().insert(id, Rc::clone(&typed));
        Some(typed)
    }

    fn then(&self, table: TableName, rule: RuleId, spec: &Spec<'_>) -> Then {
        let target = self.ruleset.target(rule);
        if target.is_empty() {
            return Then::Next;
        }
        if let Some(chain) = self.by_symbol(table, target) {
            return if spec.is_goto() { Then::Goto(chain) } else { Then::Jump(chain) };
        }
        match self.ruleset.symbols().name(target) {
            "DROP" | "REJECT" => Then::Drop,
            "RETURN" => Then::Return,
            "QUEUE" | "NFQUEUE" | "SYNPROXY" => Then::Unknown,
            // Translations and TPROXY end the walk through their table, and the packet lives.
            "ACCEPT" | "DNAT" | "SNAT" | "MASQUERADE" | "REDIRECT" | "NETMAP" | "TPROXY" => Then::Accept,
            // A name without options that is neither a chain nor a target is refused when the text is loaded.
            _ if spec.target().is_none_or(|part| part.extension().is_some() || !part.has_words()) => {
                Then::Next
            }
            _ => Then::Unknown,
        }
    }

    /// What becomes of a probe at a hook of the filter table.
    pub(in crate::check) fn fate(&self, hook: Hook, probe: &Probe) -> Fate {
        let Some(chain) = self.builtin(TableName::Filter, hook) else { return Fate::Open };
        let mut ends = self.ends(chain, probe);
        if ends.back {
            match self.policy(chain) {
                Policy::Accept => ends.accept = true,
                Policy::Drop => ends.drop = true,
                Policy::None | Policy::Other(_) => return Fate::Open,
            }
        }
        match (ends.accept, ends.drop) {
            (true, false) => Fate::Accepted,
            (false, true) => Fate::Dropped,
            _ => Fate::Open,
        }
    }

    /// Where a probe may end that comes to a chain; what goes on behind the last rule comes back.
    pub(in crate::check) fn ends(&self, chain: ChainId, probe: &Probe) -> Ends {
        self.walk(chain, probe, &mut FxHashMap::default(), 0)
    }

    fn walk(
        &self,
        chain: ChainId,
        probe: &Probe,
        known: &mut FxHashMap<ChainId, Ends>,
        depth: usize,
    ) -> Ends {
        if let Some(ends) = known.get(&chain) {
            return *ends;
        }
        // A circle of jumps, of which nothing is said, ends here too.
        known.insert(chain, Ends::ALL);
        let Some(rules) = self.typed(chain).filter(|_| depth < DEEPEST) else { return Ends::ALL };
        let mut all = Ends::default();
        let mut goes_on = true;
        for rule in rules.iter() {
            let answer = probe.meets(&rule.conditions);
            if answer == Answer::No {
                continue;
            }
            let ends = self.end(rule.then, probe, known, depth);
            all = all.or(Ends { next: false, ..ends });
            if answer == Answer::Yes && !ends.next {
                goes_on = false;
                break;
            }
        }
        all.back |= goes_on;
        known.insert(chain, all);
        all
    }

    fn end(&self, then: Then, probe: &Probe, known: &mut FxHashMap<ChainId, Ends>, depth: usize) -> Ends {
        match then {
            Then::Next => Ends { next: true, ..Ends::default() },
            Then::Accept => Ends { accept: true, ..Ends::default() },
            Then::Drop => Ends { drop: true, ..Ends::default() },
            Then::Return => Ends { back: true, ..Ends::default() },
            Then::Jump(to) => {
                let ends = self.walk(to, probe, known, depth + 1);
                Ends { next: ends.back, back: false, ..ends }
            }
            Then::Goto(to) => self.walk(to, probe, known, depth + 1),
            Then::Unknown => Ends::ALL,
        }
    }

    /// What closes a built-in chain of the filter table to whoever no rule names; none where it is open.
    pub(in crate::check) fn closed(&self, hook: Hook) -> Option<Closed> {
        let known = self.closed.borrow().iter().find(|(known, _)| *known == hook).copied();
        if let Some((_, closed)) = known {
            return closed;
        }
        let closed = self.look_closed(hook);
        self.closed.borrow_mut().push((hook, closed));
        closed
    }

    fn look_closed(&self, hook: Hook) -> Option<Closed> {
        let chain = self.builtin(TableName::Filter, hook)?;
        let probe = self.stranger(hook);
        if self.fate(hook, &probe) != Fate::Dropped {
            return None;
        }
        if self.policy(chain) == Policy::Drop {
            return Some(Closed { chain, rule: None });
        }
        let rules = self.typed(chain)?;
        let last = rules.iter().find(|rule| {
            probe.meets(&rule.conditions) == Answer::Yes
                && !self.end(rule.then, &probe, &mut FxHashMap::default(), 0).next
        });
        Some(Closed { chain, rule: last.map(|rule| rule.id) })
    }

    /// The first packet of a connection that no rule is likely to name, at a hook of the filter table.
    pub(in crate::check) fn stranger(&self, hook: Hook) -> Probe {
        match hook {
            Hook::Output => Probe::outgoing(self.family()),
            _ => Probe::incoming(self.family()).from_anyone(),
        }
    }

    /// Docker's bridges; none where there are too many rules to ask.
    pub(in crate::check) fn bridges(&self) -> Rc<BTreeSet<String>> {
        let find = || if self.is_whole() { docker::bridges(self.ruleset) } else { BTreeSet::new() };
        Rc::clone(self.bridges.get_or_init(|| Rc::new(find())))
    }

    /// The published ports; none where there are too many rules to ask.
    pub(in crate::check) fn published(&self) -> Rc<Vec<Published>> {
        let find = || if self.is_whole() { docker::published(self.ruleset) } else { Vec::new() };
        Rc::clone(self.published.get_or_init(|| Rc::new(find())))
    }

    /// Which engines write such chains; none where there is nothing of Docker's.
    pub(in crate::check) fn layout(&self) -> Option<Layout> {
        docker::layout(self.ruleset)
    }

    /// Tells Docker's rules from others.
    pub(in crate::check) const fn owned(&self) -> &Owned<'r> {
        &self.owned
    }
}
