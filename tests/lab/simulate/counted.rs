//! How many packets each rule and each policy has counted.

use std::collections::BTreeMap;

use dwscript::model::{Policy, Ruleset};
use dwscript::simulate::{Effect, Trace};

/// A rule: table, chain, number from 1; 0 for the chain's policy.
pub(super) type Place = (String, String, usize);

/// Packets by rules; those that counted none are left out.
pub(super) type Counts = BTreeMap<Place, u64>;

/// What `iptables-save -c` says.
pub(super) fn counted(saved: &str) -> Counts {
    let mut counts = Counts::new();
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut table = String::new();
    for line in saved.lines() {
        if let Some(name) = line.strip_prefix('*') {
            name.clone_into(&mut table);
            numbers.clear();
        } else if let Some(declared) = line.strip_prefix(':') {
            let words: Vec<&str> = declared.split(' ').collect();
            if words[1] != "-" {
                counts.insert((table.clone(), words[0].to_owned(), 0), packets(words[2]));
            }
        } else if line.starts_with('[') {
            let words: Vec<&str> = line.split(' ').collect();
            let number = numbers.entry(words[2].to_owned()).or_default();
            *number += 1;
            counts.insert((table.clone(), words[2].to_owned(), *number), packets(words[0]));
        }
    }
    counts.retain(|_, count| *count > 0);
    counts
}

fn packets(counters: &str) -> u64 {
    counters.trim_start_matches('[').split(':').next().unwrap().parse().unwrap()
}

/// What was counted since.
pub(super) fn since(before: &Counts, now: &Counts) -> Counts {
    let moved = now.iter().map(|(place, count)| (place.clone(), count - before.get(place).unwrap_or(&0)));
    moved.filter(|(_, count)| *count > 0).collect()
}

/// What a trace says will be counted. A chain without rules whose policy is ACCEPT is no step of it.
pub(super) fn predicted(trace: &Trace, ruleset: &Ruleset) -> Counts {
    let mut counts = Counts::new();
    for step in trace.path() {
        let policy = matches!(step.effect, Effect::PolicyAccepted | Effect::PolicyDropped);
        if step.rule.is_some() || policy {
            let place =
                (step.table.as_str().to_owned(), ruleset.chain_name(step.chain).to_owned(), step.number);
            *counts.entry(place).or_default() += 1;
        }
    }
    counts
}

/// The counts without those of policies that a trace leaves out.
pub(super) fn without_idle(counts: &Counts, ruleset: &Ruleset) -> Counts {
    let idle = |(table, chain, number): &Place| {
        let table = dwscript::model::TableName::parse(table).unwrap();
        let chain = ruleset.chain(ruleset.chain_id(table, chain).unwrap());
        *number == 0 && chain.rules().is_empty() && chain.policy() == Policy::Accept
    };
    counts.iter().filter(|(place, _)| !idle(place)).map(|(place, count)| (place.clone(), *count)).collect()
}
