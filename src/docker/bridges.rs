//! The bridges of Docker's networks, as its rules name them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::layout::{is_own_chain, layout};
use crate::model::sequence::Sequence;
use crate::model::spec::{Negated, Parser, Spec};
use crate::model::value::address::Address;
use crate::model::{Ruleset, Symbol, TableName};

/// How a bridge begins that Docker named by its network's identifier.
const GENERATED: &str = "br-";
/// Those bridges, and any other that begins so.
const GENERATED_PATTERN: &str = "br-+";
/// The chains that keep networks apart, up to 28.
const STAGE_1: &str = "DOCKER-ISOLATION-STAGE-1";
const STAGE_2: &str = "DOCKER-ISOLATION-STAGE-2";
/// The chain that does so from 29 on, for internal networks.
const INTERNAL: &str = "DOCKER-INTERNAL";
/// The bridge of the default network.
const DEFAULT: &str = "docker0";

/// The interfaces that Docker's own rules name as bridges, in order of their names.
#[must_use]
pub fn bridges(ruleset: &Ruleset) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for table in [TableName::Filter, TableName::Nat] {
        for chain in ruleset.live_chains(table) {
            let (name, rules) = (ruleset.chain(chain).name(), ruleset.chain(chain).rules());
            from_chain(ruleset, (table, name), rules, &mut found);
        }
    }
    found
}

/// The same as they were before any script ran.
pub(super) fn base_bridges(ruleset: &Ruleset) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for table in [TableName::Filter, TableName::Nat] {
        for chain in ruleset.table(table).chains() {
            let chain = ruleset.chain(*chain);
            let name = chain.base().map_or(chain.name(), |base| base.name);
            from_chain(ruleset, (table, name), chain.base_rules(), &mut found);
        }
    }
    found
}

/// The interfaces in `rules`, those of the chain that is given, that stand where Docker writes its bridges.
fn from_chain(
    ruleset: &Ruleset,
    (table, name): (TableName, Symbol),
    rules: &Sequence,
    found: &mut BTreeSet<String>,
) {
    let name = ruleset.symbols().name(name);
    if !is_own_chain(table, name) && (table, name) != (TableName::Filter, "FORWARD") {
        return;
    }
    let mut parser = Parser::new();
    for rule in rules.iter() {
        let target = ruleset.symbols().name(ruleset.target(rule));
        if name == "FORWARD" && target != "DOCKER" {
            continue;
        }
        let Ok(spec) = parser.parse(ruleset.body(rule), ruleset.family()) else { continue };
        if let Some(bridge) = bridge_of(&spec, (table, name), target)
            && !found.contains(bridge.as_ref())
        {
            found.insert(bridge.into_owned());
        }
        parser.recycle(spec);
    }
}

/// The bridge that a rule of the chain is about, if it is one that Docker writes there. People put rules of their own into
/// Docker's chains too, and `-i eth0` among them must not make a bridge of the uplink.
fn bridge_of<'s>(spec: &Spec<'s>, (table, chain): (TableName, &str), target: &str) -> Option<Cow<'s, str>> {
    let bridge = match table {
        TableName::Nat => in_nat(spec, target),
        _ => in_filter(spec, chain, target),
    };
    plain(bridge?)
}

fn in_filter<'s>(spec: &Spec<'s>, chain: &str, target: &str) -> Option<Negated<Cow<'s, str>>> {
    let internal = matches!((chain, target), (STAGE_1 | INTERNAL, "DROP"));
    let outside = |address: Option<Negated<&[Address]>>| address.is_some_and(|address| address.negated);
    match (spec.in_interface(), spec.out_interface()) {
        (Some(into), Some(out)) => {
            let both = matches!(chain, "DOCKER" | "DOCKER-FORWARD" | STAGE_1 | INTERNAL);
            (both && into.value == out.value).then_some(out)
        }
        (None, Some(out)) => {
            let to_bridge = match (chain, target) {
                ("FORWARD" | "DOCKER-BRIDGE", "DOCKER") | ("DOCKER-CT", "ACCEPT") => true,
                (STAGE_2, "DROP") => is_bare(spec),
                _ => internal && outside(spec.source()),
            };
            to_bridge.then_some(out)
        }
        (Some(into), None) => (internal && outside(spec.destination())).then_some(into),
        (None, None) => None,
    }
}

fn in_nat<'s>(spec: &Spec<'s>, target: &str) -> Option<Negated<Cow<'s, str>>> {
    let into = spec.in_interface()?;
    let own = match target {
        "RETURN" => is_bare(spec) && !into.negated,
        "DNAT" => into.negated,
        _ => false,
    };
    own.then_some(into)
}

/// Whether a rule has neither a match nor a protocol.
fn is_bare(spec: &Spec<'_>) -> bool {
    spec.matches().next().is_none() && spec.protocol().is_none()
}

/// The name, unless it is a pattern or loopback.
fn plain(bridge: Negated<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    (!bridge.value.ends_with('+') && bridge.value != "lo").then_some(bridge.value)
}

/// Interface patterns that take in Docker's bridges, those of networks to come as well: `docker0`, then `br-+`, then
/// bridges with names of their own. Where some `br-` interface is not Docker's, in a rule or among the host's
/// `interfaces`, each bridge stands by its name. Empty where there is no Docker.
#[must_use]
pub fn bridge_patterns(ruleset: &Ruleset, interfaces: &[String]) -> Vec<String> {
    if layout(ruleset).is_none() {
        return Vec::new();
    }
    patterns(&bridges(ruleset), ruleset, interfaces)
}

/// The same where Docker's `bridges` are known from elsewhere.
#[must_use]
pub fn patterns(bridges: &BTreeSet<String>, ruleset: &Ruleset, interfaces: &[String]) -> Vec<String> {
    let generated = |name: &&String| name.starts_with(GENERATED);
    let all_docker = generated_names(ruleset)
        .iter()
        .chain(interfaces)
        .filter(generated)
        .all(|name| bridges.contains(name));
    let mut patterns = vec![DEFAULT.to_owned()];
    if all_docker {
        patterns.push(GENERATED_PATTERN.to_owned());
    }
    let others = bridges.iter().filter(|name| *name != DEFAULT && !(all_docker && generated(name)));
    patterns.extend(others.cloned());
    patterns
}

/// Whether an interface is named as Docker names the bridges of networks: `br-` and the identifier's first twelve
/// hexadecimal digits; or whether it is the pattern that takes all of them in.
#[must_use]
pub fn is_generated(name: &str) -> bool {
    let identifier = name.strip_prefix(GENERATED).unwrap_or_default();
    let is_digit = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    name == GENERATED_PATTERN || identifier.len() == 12 && identifier.bytes().all(is_digit)
}

/// Every interface that begins with `br-` in any rule; the pattern for all of them does not count.
fn generated_names(ruleset: &Ruleset) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let finder = memchr::memmem::Finder::new(GENERATED);
    let mut parser = Parser::new();
    let chains = TableName::ALL.into_iter().flat_map(|table| ruleset.live_chains(table));
    for rule in chains.flat_map(|chain| ruleset.chain(chain).rules().iter()) {
        let body = ruleset.body(rule);
        if finder.find(body.as_bytes()).is_none() {
            continue;
        }
        let Ok(spec) = parser.parse(body, ruleset.family()) else { continue };
        let interfaces = [spec.in_interface(), spec.out_interface()].into_iter().flatten();
        let values = interfaces.map(|name| name.value.into_owned());
        names.extend(values.filter(|name| name.starts_with(GENERATED) && name != GENERATED_PATTERN));
        parser.recycle(spec);
    }
    names
}
