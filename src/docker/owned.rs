//! Which rules are Docker's own: all in its chains, and those that it writes into built-in ones.

use std::collections::BTreeSet;

use super::bridges::base_bridges;
use super::layout::{USER_CHAIN, is_own_chain};
use crate::model::spec::Spec;
use crate::model::{ChainId, RuleId, Ruleset, TableName};

/// Tells Docker's rules from others.
#[derive(Clone, Debug, Default)]
pub struct Owned {
    bridges: BTreeSet<String>,
    present: bool,
}

/// What the rules that Docker writes into built-in chains look like.
#[derive(Debug)]
struct Shape<'s> {
    bridges: &'s BTreeSet<String>,
    spec: &'s Spec<'s>,
    target: &'s str,
}

impl Owned {
    /// Learns from a ruleset, as it was before any script ran, which bridges are Docker's.
    #[must_use]
    pub fn of_base(ruleset: &Ruleset) -> Self {
        let chains =
            [TableName::Filter, TableName::Nat].into_iter().flat_map(|table| ruleset.table(table).chains());
        let mut read = chains.map(|id| ruleset.chain(*id)).filter(|chain| chain.created().is_none());
        let present = read.any(|chain| {
            let name = chain.base().map_or(chain.name(), |base| base.name);
            is_own_chain(chain.table(), ruleset.symbols().name(name))
        });
        if present { Self { bridges: base_bridges(ruleset), present } } else { Self::default() }
    }

    /// Whether there is anything of Docker's.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.present
    }

    /// Whether `rule`, which is or was in `chain`, is Docker's. In DOCKER-USER none is.
    #[must_use]
    pub fn is_docker(&self, ruleset: &Ruleset, chain: ChainId, rule: RuleId) -> bool {
        let base = ruleset.chain(chain);
        let name = base.base().map_or(base.name(), |base| base.name);
        let (table, name) = (base.table(), ruleset.symbols().name(name));
        if !self.present || is_own_chain(table, name) {
            return self.present && is_own_chain(table, name);
        }
        let Ok(spec) = Spec::parse(ruleset.body(rule), ruleset.family()) else { return false };
        let target = ruleset.symbols().name(ruleset.target(rule));
        let shape = Shape { bridges: &self.bridges, spec: &spec, target };
        match (table, name) {
            (TableName::Filter, "FORWARD") => shape.in_forward(),
            (TableName::Nat, "PREROUTING" | "OUTPUT") => shape.is_nat_jump(),
            (TableName::Nat, "POSTROUTING") => shape.in_postrouting(),
            (TableName::Raw, "PREROUTING") => shape.in_raw(),
            _ => false,
        }
    }
}

impl Shape<'_> {
    fn in_forward(&self) -> bool {
        let spec = self.spec;
        if self.is_bare() {
            return self.target == USER_CHAIN || is_own_chain(TableName::Filter, self.target);
        }
        if spec.option("match-set").is_some_and(|set| set.value.starts_with("docker-ext-bridges-")) {
            return true;
        }
        if spec.source().is_some() || spec.destination().is_some() || spec.protocol().is_some() {
            return false;
        }
        let own = |name: Option<(bool, String)>| name.filter(|(_, name)| self.bridges.contains(name));
        match (own(self.interface(true)), own(self.interface(false)), self.target) {
            (None, Some((false, _)), "DOCKER") => self.has_only(&[]) && spec.in_interface().is_none(),
            (None, Some((false, _)), "ACCEPT") => self.is_replies() && spec.in_interface().is_none(),
            (Some((false, from)), Some((_, to)), "ACCEPT") => self.has_only(&[]) && from == to,
            (Some((false, from)), Some((false, to)), "DROP") => self.has_only(&[]) && from == to,
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
        let out = self.interface(false).filter(|(_, name)| self.bridges.contains(name));
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
        let into = into.filter(|(negated, name)| *negated && (name == "lo" || self.bridges.contains(name)));
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
