//! Rules as the walk needs them: what they ask, and what they do.

mod matches;
mod targets;

pub(super) use matches::icmp_of;

use super::action::Action;
use super::answer::{Answer, End};
use super::test::{Ask, Asker, Pattern, Test};
use crate::model::spec::{Negated, Single, Spec};
use crate::model::value::address::Address;
use crate::model::{Family, RuleId, Ruleset, TableName};

/// A rule, or one of those that a list of addresses stands for.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) tests: Box<[Test]>,
    pub(super) action: Action,
}

/// The rules that one of the ruleset stands for.
pub(super) fn compile(ruleset: &Ruleset, table: TableName, rule: RuleId) -> Box<[Rule]> {
    match Spec::parse(ruleset.body(rule), ruleset.family()) {
        Ok(spec) => spec.expand().map(|single| of(ruleset, table, &spec, &single)).collect(),
        Err(_) => Box::new([refused(ruleset, rule)]),
    }
}

/// What iptables would not load: whether it would match, nobody can say.
fn refused(ruleset: &Ruleset, rule: RuleId) -> Rule {
    let asker = Asker::Named("a rule that iptables refuses".into());
    let test = Test { ask: Ask::Always(Answer::Unknown), negated: false, asker };
    let target = ruleset.symbols().name(ruleset.target(rule));
    let action = match target {
        "" => Action::Nothing,
        "ACCEPT" => Action::Accept,
        "DROP" => Action::Drop,
        "RETURN" => Action::Return,
        _ => Action::Hand(target.into()),
    };
    Rule { tests: Box::new([test]), action }
}

fn of(ruleset: &Ruleset, table: TableName, spec: &Spec<'_>, single: &Single<'_>) -> Rule {
    let mut tests = Vec::new();
    let mut ask = |ask: Ask, negated: bool| tests.push(Test { ask, negated, asker: Asker::Rule });
    for (end, given, one) in [
        (End::Source, spec.source(), single.source),
        (End::Destination, spec.destination(), single.destination),
    ] {
        if let (Some(Negated { negated, .. }), Some(address)) = (given, one)
            && (negated || !address.is_any())
        {
            let (bits, mask) = numbers(address);
            ask(Ask::Address(end, bits, mask), negated);
        }
    }
    if let Some(Negated { negated, value }) = spec.in_interface() {
        ask(Ask::In(Pattern::new(&value)), negated);
    }
    if let Some(Negated { negated, value }) = spec.out_interface() {
        ask(Ask::Out(Pattern::new(&value)), negated);
    }
    if let Some(Negated { negated, value }) = spec.protocol() {
        ask(Ask::Protocol(value), negated);
    }
    // Packets are whole: none is a fragment behind the first.
    if let Some(Negated { negated, .. }) = spec.fragment() {
        ask(Ask::Always(Answer::No), negated);
    }
    spec.matches().for_each(|part| matches::compile(&part, &mut tests));
    let action = spec
        .target()
        .map_or(Action::Nothing, |target| targets::compile(ruleset, table, &target, spec.is_goto()));
    Rule { tests: tests.into(), action }
}

/// Address and mask as numbers.
fn numbers(address: Address) -> (u128, u128) {
    match address {
        Address::V4 { address, mask } => (address.into(), mask.into()),
        Address::V6 { address, mask } => (address, mask),
    }
}

/// An address of `family` in canonical text, with its prefix or without, as address and mask.
fn network(text: &str, family: Family) -> Option<(u128, u128)> {
    crate::model::value::address::parse(text, family).ok().map(numbers)
}
