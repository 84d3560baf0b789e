//! The bridges of Docker's networks, as its rules name them.

use std::collections::BTreeSet;

use super::layout::{is_own_chain, layout};
use crate::model::sequence::Sequence;
use crate::model::spec::{Negated, Spec};
use crate::model::{Ruleset, Symbol, TableName};

/// How a bridge begins that Docker named by its network's identifier.
const GENERATED: &str = "br-";
/// Those bridges, and any other that begins so.
const GENERATED_PATTERN: &str = "br-+";
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
    found.remove("lo");
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
    found.remove("lo");
    found
}

/// The interfaces in `rules`, those of the chain that is given, as far as Docker writes such rules there; none has a `+`.
fn from_chain(
    ruleset: &Ruleset,
    (table, name): (TableName, Symbol),
    rules: &Sequence,
    found: &mut BTreeSet<String>,
) {
    let name = ruleset.symbols().name(name);
    let own = is_own_chain(table, name);
    if !own && name != "FORWARD" {
        return;
    }
    for rule in rules.iter() {
        if !own && ruleset.symbols().name(ruleset.target(rule)) != "DOCKER" {
            continue;
        }
        let Ok(spec) = Spec::parse(ruleset.body(rule), ruleset.family()) else { continue };
        for Negated { value, .. } in [spec.in_interface(), spec.out_interface()].into_iter().flatten() {
            if !value.ends_with('+') && !found.contains(value.as_ref()) {
                found.insert(value.into_owned());
            }
        }
    }
}

/// Interface patterns that take in Docker's bridges, those of networks to come as well: `docker0`, then `br-+`, then
/// bridges with names of their own. Where some `br-` interface is not Docker's, in a rule or among the host's
/// `interfaces`, each bridge stands by its name. Empty where there is no Docker.
#[must_use]
pub fn bridge_patterns(ruleset: &Ruleset, interfaces: &[String]) -> Vec<String> {
    if layout(ruleset).is_none() {
        return Vec::new();
    }
    let bridges = bridges(ruleset);
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

/// Every interface that begins with `br-` in any rule; the pattern for all of them does not count.
fn generated_names(ruleset: &Ruleset) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let finder = memchr::memmem::Finder::new(GENERATED);
    let chains = TableName::ALL.into_iter().flat_map(|table| ruleset.live_chains(table));
    for rule in chains.flat_map(|chain| ruleset.chain(chain).rules().iter()) {
        let body = ruleset.body(rule);
        if finder.find(body.as_bytes()).is_none() {
            continue;
        }
        let Ok(spec) = Spec::parse(body, ruleset.family()) else { continue };
        let interfaces = [spec.in_interface(), spec.out_interface()].into_iter().flatten();
        let named = interfaces.map(|name| name.value.into_owned());
        names.extend(named.filter(|name| name.starts_with(GENERATED) && name != GENERATED_PATTERN));
    }
    names
}
