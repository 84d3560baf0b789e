//! Which rules are Docker's own: all in its chains, and those that it writes into built-in ones.

use std::borrow::Cow;
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
    docker: Docker,
}

/// What a ruleset was found to hold of Docker's, kept for whoever asks about one rule after the other.
#[derive(Clone, Debug, Default)]
pub struct Docker {
    present: OnceCell<bool>,
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
        Self { ruleset, docker: Docker::default() }
    }

    /// Whether there is anything of Docker's.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.docker.is_present(self.ruleset)
    }

    /// Whether `rule`, which is or was in `chain`, is Docker's. In DOCKER-USER none is.
    #[must_use]
    pub fn is_docker(&self, chain: ChainId, rule: RuleId) -> bool {
        self.docker.is_docker(self.ruleset, chain, rule)
    }

    /// Whether `rule` of FORWARD sends all packets to a chain of Docker's, DOCKER-USER not among them.
    #[must_use]
    pub fn is_own_jump(&self, chain: ChainId, rule: RuleId) -> bool {
        self.is_present()
            && base_name(self.ruleset, chain) == (TableName::Filter, "FORWARD")
            && self.docker.has_shape(self.ruleset, rule, |shape| {
                shape.is_bare() && is_own_chain(TableName::Filter, shape.target)
            })
    }
}

impl Docker {
    /// Whether there is anything of Docker's.
    #[must_use]
    pub fn is_present(&self, ruleset: &Ruleset) -> bool {
        *self.present.get_or_init(|| {
            let tables = [TableName::Filter, TableName::Nat].into_iter();
            let chains = tables.flat_map(|table| ruleset.table(table).chains());
            let mut read = chains.filter(|id| ruleset.chain(**id).created().is_none());
            read.any(|id| {
                let (table, name) = base_name(ruleset, *id);
                is_own_chain(table, name)
            })
        })
    }

    /// Whether `rule`, which is or was in `chain`, is Docker's. In DOCKER-USER none is, and none that carries an owner's
    /// tag.
    #[must_use]
    pub fn is_docker(&self, ruleset: &Ruleset, chain: ChainId, rule: RuleId) -> bool {
        let present = self.is_present(ruleset) && ruleset.owner(rule).is_empty();
        let (table, name) = base_name(ruleset, chain);
        if !present || is_own_chain(table, name) {
            return present;
        }
        let test = match (table, name) {
            (TableName::Filter, "FORWARD") => |shape: &Shape<'_>| shape.in_forward(),
            (TableName::Nat, "PREROUTING" | "OUTPUT") => |shape: &Shape<'_>| shape.is_nat_jump(),
            (TableName::Nat, "POSTROUTING") => |shape: &Shape<'_>| shape.in_postrouting(),
            (TableName::Raw, "PREROUTING") => |shape: &Shape<'_>| shape.in_raw(),
            _ => return false,
        };
        self.has_shape(ruleset, rule, test)
    }

    fn has_shape(&self, ruleset: &Ruleset, rule: RuleId, test: impl Fn(&Shape<'_>) -> bool) -> bool {
        let body = match ruleset.owner(rule).is_empty() {
            true => Cow::Borrowed(ruleset.body(rule)),
            false => Cow::Owned(ruleset.untagged(rule)),
        };
        let Ok(spec) = Spec::parse(&body, ruleset.family()) else { return false };
        let target = ruleset.symbols().name(ruleset.target(rule));
        let facts = self.facts.get_or_init(|| learn(ruleset));
        test(&Shape { facts, spec: &spec, target })
    }
}

fn base_name(ruleset: &Ruleset, chain: ChainId) -> (TableName, &str) {
    let chain = ruleset.chain(chain);
    let name = chain.base().map_or(chain.name(), |base| base.name);
    (chain.table(), ruleset.symbols().name(name))
}

fn learn(ruleset: &Ruleset) -> Facts {
    let forward = ruleset.builtin(TableName::Filter, Hook::Forward);
    let rules = forward.into_iter().flat_map(|chain| ruleset.chain(chain).base_rules().iter());
    let sets = rules.into_iter().any(|rule| ruleset.body(rule).contains(SETS));
    Facts { bridges: base_bridges(ruleset), sets }
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
