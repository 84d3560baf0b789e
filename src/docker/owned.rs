//! Which rules are Docker's own: all in its chains, and those that it writes into built-in ones.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::bridges::base_bridges;
use super::layout::{SETS, USER_CHAIN, is_own_chain};
use crate::model::spec::Spec;
use crate::model::{ChainId, Hook, RuleId, Ruleset, TableName};

/// Tells Docker's rules from others, by what the ruleset was before any script ran.
#[derive(Clone, Debug)]
pub struct Owned<'r> {
    ruleset: &'r Ruleset,
    present: bool,
    /// Looked for when a rule in a built-in chain is asked for.
    facts: OnceCell<Facts>,
}

/// What Docker's chains tell.
#[derive(Clone, Debug)]
struct Facts {
    /// Docker's bridges.
    bridges: BTreeSet<String>,
    /// Whether FORWARD asks for the bridges by sets, as 28.0.0 does.
    sets: bool,
}

/// What the rules that Docker writes into built-in chains look like.
#[derive(Debug)]
struct Shape<'s> {
    facts: &'s Facts,
    spec: &'s Spec<'s>,
    target: &'s str,
}

impl<'r> Owned<'r> {
    /// Looks at what scripts began with.
    #[must_use]
    pub fn of_base(ruleset: &'r Ruleset) -> Self {
        let tables = [TableName::Filter, TableName::Nat].into_iter();
        let chains = tables.flat_map(|table| ruleset.table(table).chains());
        let mut read = chains.map(|id| ruleset.chain(*id)).filter(|chain| chain.created().is_none());
        let present = read.any(|chain| {
            let name = chain.base().map_or(chain.name(), |base| base.name);
            is_own_chain(chain.table(), ruleset.symbols().name(name))
        });
        Self { ruleset, present, facts: OnceCell::new() }
    }

    /// Whether there is anything of Docker's.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.present
    }

    /// Whether `rule`, which is or was in `chain`, is Docker's. In DOCKER-USER none is.
    #[must_use]
    pub fn is_docker(&self, chain: ChainId, rule: RuleId) -> bool {
        let (table, name) = self.base_name(chain);
        if !self.present || is_own_chain(table, name) {
            return self.present;
        }
        let test = match (table, name) {
            (TableName::Filter, "FORWARD") => |shape: &Shape<'_>| shape.in_forward(),
            (TableName::Nat, "PREROUTING" | "OUTPUT") => |shape: &Shape<'_>| shape.is_nat_jump(),
            (TableName::Nat, "POSTROUTING") => |shape: &Shape<'_>| shape.in_postrouting(),
            (TableName::Raw, "PREROUTING") => |shape: &Shape<'_>| shape.in_raw(),
            _ => return false,
        };
        self.has_shape(rule, test)
    }

    /// Whether `rule` of FORWARD sends all packets to a chain of Docker's, DOCKER-USER not among them.
    #[must_use]
    pub fn is_own_jump(&self, chain: ChainId, rule: RuleId) -> bool {
        let (table, name) = self.base_name(chain);
        self.present
            && (table, name) == (TableName::Filter, "FORWARD")
            && self.has_shape(rule, |shape| shape.is_bare() && is_own_chain(TableName::Filter, shape.target))
    }

    fn base_name(&self, chain: ChainId) -> (TableName, &'r str) {
        let chain = self.ruleset.chain(chain);
        let name = chain.base().map_or(chain.name(), |base| base.name);
        (chain.table(), self.ruleset.symbols().name(name))
    }

    fn has_shape(&self, rule: RuleId, test: impl Fn(&Shape<'_>) -> bool) -> bool {
        let Ok(spec) = Spec::parse(self.ruleset.body(rule), self.ruleset.family()) else { return false };
        let target = self.ruleset.symbols().name(self.ruleset.target(rule));
        let facts = self.facts.get_or_init(|| self.learn());
        test(&Shape { facts, spec: &spec, target })
    }

    fn learn(&self) -> Facts {
        let forward = self.ruleset.builtin(TableName::Filter, Hook::Forward);
        let rules = forward.into_iter().flat_map(|chain| self.ruleset.chain(chain).base_rules().iter());
        let sets = rules.into_iter().any(|rule| self.ruleset.body(rule).contains(SETS));
        Facts { bridges: base_bridges(self.ruleset), sets }
    }
}

impl Shape<'_> {
    fn in_forward(&self) -> bool {
        let spec = self.spec;
        if self.is_bare() {
            return self.target == USER_CHAIN || is_own_chain(TableName::Filter, self.target);
        }
        if spec.option("match-set").is_some_and(|set| set.value.starts_with(SETS)) {
            return true;
        }
        if spec.source().is_some() || spec.destination().is_some() || spec.protocol().is_some() {
            return false;
        }
        let own = |name: Option<(bool, String)>| name.filter(|(_, name)| self.facts.bridges.contains(name));
        match (own(self.interface(true)), own(self.interface(false)), self.target) {
            (None, Some((false, _)), "DOCKER") => self.has_only(&[]) && spec.in_interface().is_none(),
            (None, Some((false, _)), "ACCEPT") => self.is_replies() && spec.in_interface().is_none(),
            (Some((false, _)), None, "ACCEPT") => {
                self.facts.sets && self.has_only(&[]) && spec.out_interface().is_none()
            }
            (Some((false, from)), Some((_, to)), "ACCEPT")
            | (Some((false, from)), Some((false, to)), "DROP") => self.has_only(&[]) && from == to,
            _ => false,
        }
    }

    /// `-m addrtype --dst-type LOCAL -j DOCKER`, loopback left out or not.
    fn is_nat_jump(&self) -> bool {
        let local = self.spec.option("dst-type").is_some_and(|kind| kind.value == "LOCAL" && !kind.negated);
        is_own_chain(TableName::Nat, self.target)
            && local
            && self.has_only(&["addrtype"])
            && !self.has_interfaces()
    }

    fn in_postrouting(&self) -> bool {
        if !matches!(self.target, "MASQUERADE" | "SNAT") {
            return false;
        }
        let out = self.interface(false).filter(|(_, name)| self.facts.bridges.contains(name));
        let (source, destination) = (self.spec.source(), self.spec.destination());
        match (source, destination, out) {
            (Some(_), None, Some((true, _))) => self.has_only(&[]),
            (Some(source), Some(destination), None) => {
                self.target == "MASQUERADE"
                    && source.value == destination.value
                    && self.spec.option("dport").is_some()
            }
            (None, None, Some((false, _))) => {
                self.spec.option("src-type").is_some_and(|kind| kind.value == "LOCAL")
            }
            _ => false,
        }
    }

    /// Drops of packets that come for a container past its bridge, or for a port bound to loopback from elsewhere.
    fn in_raw(&self) -> bool {
        let into = self.interface(true);
        let into =
            into.filter(|(negated, name)| *negated && (name == "lo" || self.facts.bridges.contains(name)));
        self.target == "DROP" && into.is_some() && self.spec.destination().is_some_and(|to| !to.negated)
    }

    fn interface(&self, into: bool) -> Option<(bool, String)> {
        let name = if into { self.spec.in_interface() } else { self.spec.out_interface() };
        name.map(|name| (name.negated, name.value.into_owned()))
    }

    fn has_interfaces(&self) -> bool {
        self.spec.in_interface().is_some() || self.spec.out_interface().is_some()
    }

    /// Whether it uses no match beside these.
    fn has_only(&self, names: &[&str]) -> bool {
        self.spec.matches().all(|part| names.contains(&part.name().as_ref()))
    }

    fn is_replies(&self) -> bool {
        let states = self.spec.option("ctstate");
        self.has_only(&["conntrack"])
            && states.is_some_and(|states| !states.negated && states.value == "RELATED,ESTABLISHED")
    }

    /// Whether it is a jump and nothing else.
    fn is_bare(&self) -> bool {
        let spec = self.spec;
        let addresses = spec.source().is_some() || spec.destination().is_some();
        !addresses && spec.protocol().is_none() && !self.has_interfaces() && self.has_only(&[])
    }
}
