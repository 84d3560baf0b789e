//! Which of Docker's rules a rule is.

use std::collections::BTreeSet;

use crate::docker::layout::{SETS, USER_CHAIN, is_own_chain};
use crate::model::spec::{Parser, Spec};
use crate::model::{Family, TableName};

/// The bridge of the default network, which dockerd makes anew whenever it starts.
pub(super) const DEFAULT: &str = "docker0";

/// The part that one of Docker's rules has, which tells what a start does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// A jump from a built-in chain to one of Docker's own.
    Jump,
    /// The jump to DOCKER-USER.
    UserJump,
    /// What stands at the top of one of Docker's own chains.
    First,
    /// A published port, or what comes with one.
    Endpoint,
    /// What belongs to a network.
    Network,
    /// What belongs to the default network, in a built-in chain.
    Default,
    /// The same at the end of its chain: containers that may not talk to each other.
    DefaultLast,
    /// The RETURN at the end of a chain.
    Last,
}

/// Tells the parts of rules.
#[derive(Debug)]
pub(super) struct Shapes {
    family: Family,
    bridges: BTreeSet<String>,
    parser: Parser,
}

/// An interface of a rule: whether it is negated, and one of Docker's bridges.
type Side = Option<(bool, String)>;

impl Shapes {
    pub(super) fn new(family: Family, bridges: BTreeSet<String>) -> Self {
        Self { family, bridges, parser: Parser::new() }
    }

    /// The part of a rule in one of Docker's own chains; none for what Docker does not write there.
    pub(super) fn in_own_chain(&mut self, table: TableName, chain: &str, text: &str) -> Option<Part> {
        self.read(text, |bridges, spec| in_own_chain(bridges, (table, chain), spec))
    }

    /// The part of one of Docker's rules in a built-in chain.
    pub(super) fn in_built_in(&mut self, table: TableName, chain: &str, text: &str) -> Option<Part> {
        self.read(text, |_, spec| Some(in_built_in((table, chain), spec)))
    }

    fn read(
        &mut self,
        text: &str,
        tell: impl FnOnce(&BTreeSet<String>, &Spec<'_>) -> Option<Part>,
    ) -> Option<Part> {
        let spec = self.parser.parse(text, self.family).ok()?;
        let part = tell(&self.bridges, &spec);
        self.parser.recycle(spec);
        part
    }
}

fn in_built_in((table, chain): (TableName, &str), spec: &Spec<'_>) -> Part {
    let target = target(spec);
    let is_default = |name: Option<String>| name.as_deref() == Some(DEFAULT);
    let out = spec.out_interface().map(|name| name.value.into_owned());
    let into = spec.in_interface().map(|name| name.value.into_owned());
    match (table, chain) {
        (TableName::Raw, _) => Part::Endpoint,
        (TableName::Filter, _) if target == USER_CHAIN => Part::UserJump,
        (TableName::Filter, _) if is_own_chain(TableName::Filter, &target) && out.is_none() => Part::Jump,
        (TableName::Filter, _) if spec.option("match-set").is_some_and(|set| set.value.starts_with(SETS)) => {
            Part::Jump
        }
        (TableName::Filter, _) if target == "DROP" && is_default(into.clone()) => Part::DefaultLast,
        (TableName::Nat, "PREROUTING" | "OUTPUT") => Part::Jump,
        (TableName::Nat, _) if spec.source().is_some() && spec.destination().is_some() => Part::Endpoint,
        _ if is_default(out) || is_default(into) => Part::Default,
        _ => Part::Network,
    }
}

fn in_own_chain(
    bridges: &BTreeSet<String>,
    (table, chain): (TableName, &str),
    spec: &Spec<'_>,
) -> Option<Part> {
    if spec.comments().next().is_some() {
        return None;
    }
    let target = target(spec);
    if chain == "DOCKER-INGRESS" {
        return Some(if target == "RETURN" { Part::Last } else { Part::Network });
    }
    if is_bare(spec) {
        let jump = chain == "DOCKER-FORWARD" && is_own_chain(table, &target);
        return match target.as_str() {
            _ if jump => Some(Part::First),
            "RETURN" if chain.starts_with("DOCKER-ISOLATION") => Some(Part::Last),
            _ => None,
        };
    }
    let side = |name: Option<crate::model::spec::Negated<std::borrow::Cow<'_, str>>>| {
        name.map(|name| (name.negated, name.value.into_owned()))
    };
    let (into, out) = (side(spec.in_interface()), side(spec.out_interface()));
    let known = |side: &Side| side.as_ref().is_none_or(|(_, name)| bridges.contains(name));
    if !known(&into) || !known(&out) {
        return None;
    }
    match (table, chain) {
        (TableName::Nat, _) => in_nat(spec, &target, &into, &out),
        (_, "DOCKER") => in_docker(spec, &target, &into, &out),
        _ => of_network(spec, chain, &target, &into, &out),
    }
}

fn in_nat(spec: &Spec<'_>, target: &str, into: &Side, out: &Side) -> Option<Part> {
    let is_return = target == "RETURN" && only(spec, &[]) && spec.protocol().is_none();
    match (into, out) {
        (Some((false, _)), None) if is_return && addresses(spec) == (false, false) => Some(Part::Network),
        (None | Some((true, _)), None) if target == "DNAT" && spec.option("dport").is_some() => {
            (only(spec, &PORTS) && spec.source().is_none()).then_some(Part::Endpoint)
        }
        _ => None,
    }
}

/// The matches that come with a protocol's port.
const PORTS: [&str; 3] = ["tcp", "udp", "sctp"];

/// The filter table's DOCKER.
fn in_docker(spec: &Spec<'_>, target: &str, into: &Side, out: &Side) -> Option<Part> {
    let (Some((into_negated, from)), Some((false, to))) = (into, out) else { return None };
    if from != to || !only(spec, &PORTS) {
        return None;
    }
    match (target, addresses(spec)) {
        ("DROP", (false, false)) if *into_negated && spec.protocol().is_none() => Some(Part::Network),
        ("ACCEPT", (false, true)) if *into_negated => Some(Part::Endpoint),
        // Two containers that were started with `--link`.
        ("ACCEPT", (true, true)) if !into_negated => Some(Part::Endpoint),
        _ => None,
    }
}

fn of_network(spec: &Spec<'_>, chain: &str, target: &str, into: &Side, out: &Side) -> Option<Part> {
    let replies = chain == "DOCKER-CT" && only(spec, &["conntrack"]);
    if spec.protocol().is_some() || (!replies && !only(spec, &[])) {
        return None;
    }
    let internal = target == "DROP" && addresses(spec) != (false, false);
    let fits = match (chain, target, into, out) {
        ("DOCKER-CT", "ACCEPT", None, Some((false, _))) => replies,
        ("DOCKER-BRIDGE", "DOCKER", None, Some((false, _)))
        | ("DOCKER-FORWARD", "ACCEPT" | "DROP", Some((false, _)), _)
        | ("DOCKER-ISOLATION-STAGE-2", "DROP", None, Some((false, _)))
        | ("DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2", Some((false, _)), Some((true, _))) => true,
        ("DOCKER-ISOLATION-STAGE-1" | "DOCKER-INTERNAL", "DROP", _, _) => internal,
        _ => false,
    };
    fits.then_some(if internal { Part::First } else { Part::Network })
}

/// Whether there is a source, and a destination.
fn addresses(spec: &Spec<'_>) -> (bool, bool) {
    (spec.source().is_some(), spec.destination().is_some())
}

fn only(spec: &Spec<'_>, names: &[&str]) -> bool {
    spec.matches().all(|part| names.contains(&part.name().as_ref()))
}

/// Whether it is a jump and nothing else.
fn is_bare(spec: &Spec<'_>) -> bool {
    let interfaces = spec.in_interface().is_some() || spec.out_interface().is_some();
    addresses(spec) == (false, false) && !interfaces && spec.protocol().is_none() && only(spec, &[])
}

fn target(spec: &Spec<'_>) -> String {
    spec.target().map(|target| target.name().into_owned()).unwrap_or_default()
}
