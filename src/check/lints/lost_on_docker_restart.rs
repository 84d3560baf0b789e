//! Rules in places that dockerd flushes, or moves its own past: what is predicted of its start, and of a network to come.

use rustc_hash::{FxHashMap, FxHashSet};

use super::condition::Test;
use super::forwarded;
use super::view::{Rule, Then, View, When};
use super::{Findings, Lint, Looks};
use crate::check::added_by;
use crate::check::report::Words;
use crate::docker::Layout;
use crate::docker::restart::{Event, Fate, Network, fates, is_proved};
use crate::model::value::address::Address;
use crate::model::{ChainId, Hook, RuleId, TableName};

pub(super) const LINT: Lint = Lint {
    code: "lost-on-docker-restart",
    about: "a rule in a place that dockerd flushes, or moves its own rules past",
    explanation: include_str!("lost_on_docker_restart.md"),
    looks: Looks::AtOne(run),
    of_forwarded: true,
};

/// Where the rules of each chain stand in it: chains that many rules of are asked for are long.
type Places = FxHashMap<ChainId, FxHashMap<RuleId, usize>>;

fn run<'v>(view: &'v View<'_>, found: &mut Findings<'v>) {
    let Some(layout) = view.layout().filter(|_| view.is_whole()) else { return };
    let mut told: FxHashSet<RuleId> = FxHashSet::default();
    let (mut subnets, mut places) = (None, Places::default());
    for (rule, fate, network) in all(view, layout) {
        // What was there before any script is the same before and after; the rest is the scripts'.
        let is_old = added_by(view.ruleset(), rule).is_none();
        if !told.insert(rule) || view.when() == When::Before && !is_old {
            continue;
        }
        let Some(chain) = view.ruleset().rule_chain(rule) else { continue };
        let table = view.ruleset().chain(chain).table();
        let subnets = subnets.get_or_insert_with(|| forwarded::subnets(view));
        if fate == Fate::Lost || minds(view, (table, chain, rule), subnets, &mut places) {
            let place = Place { table, chain, fate, network, layout };
            found.rule(rule, move || place.words(view));
        }
    }
}

/// What becomes of rules that are not Docker's when dockerd starts, and, up to 27, when a network comes: whether it is the
/// latter is told too.
fn all(view: &View<'_>, layout: Layout) -> Vec<(RuleId, Fate, bool)> {
    let mut events = vec![Event::Start];
    if layout == Layout::V19 {
        let bridge = "br-000000000000".to_owned();
        let network = Network { bridge, subnet: "192.0.2.0/24".to_owned(), internal: false };
        events.push(Event::Network(network));
    }
    let mut all = fates(view.ruleset(), &events).into_iter();
    let start = all.next().unwrap_or_default();
    let moved = all.next().unwrap_or_default();
    let by_network: FxHashSet<RuleId> = moved.iter().map(|(rule, _)| *rule).collect();
    let start = start.into_iter().map(|(rule, fate)| (rule, fate, by_network.contains(&rule)));
    start.chain(moved.iter().map(|(rule, fate)| (*rule, *fate, true))).collect()
}

/// Whether it matters to a rule that Docker's come to stand before it: it may be about the same packets.
fn minds(
    view: &View<'_>,
    (table, chain, rule): (TableName, ChainId, RuleId),
    subnets: &[(String, Vec<Address>)],
    places: &mut Places,
) -> bool {
    let Some(rules) = view.typed(chain) else { return true };
    let at = |(at, one): (usize, &Rule)| (one.id, at);
    let places = places.entry(chain).or_insert_with(|| rules.iter().enumerate().map(at).collect());
    let Some(rule) = places.get(&rule).and_then(|at| rules.get(*at)) else { return true };
    if table == TableName::Nat {
        let disjoint = |own: &Address| {
            subnets
                .iter()
                .flat_map(|(_, subnets)| subnets)
                .all(|subnet| !subnet.contains(*own) && !own.contains(*subnet))
        };
        let elsewhere = |one: &super::condition::Condition| match &one.test {
            Test::Source(addresses) => !one.negated && addresses.iter().all(disjoint),
            _ => false,
        };
        return view.builtin(table, Hook::Postrouting) != Some(chain)
            || !rule.conditions.iter().any(elsewhere);
    }
    // Docker makes the jump to DOCKER-USER, first of all, if it finds none of its own.
    if matches!(rule.then, Then::Jump(to) if forwarded::user_chain(view) == Some(to)) {
        return false;
    }
    // What comes by one interface and leaves by another, neither of them a bridge, is none of Docker's.
    let outside = |name: Option<&str>| name.is_some_and(|name| !forwarded::is_bridge(view, name));
    !(outside(forwarded::into(rule)) && outside(forwarded::out(rule)))
}

/// Where a rule is, and what becomes of it.
#[derive(Clone, Copy, Debug)]
struct Place {
    table: TableName,
    chain: ChainId,
    fate: Fate,
    /// Whether a network that is created does it, and not only a start.
    network: bool,
    layout: Layout,
}

impl Place {
    fn words(self, view: &View<'_>) -> Words {
        let chain = view.name(self.chain);
        let when =
            if self.network { "when it starts, and whenever a network is created" } else { "when it starts" };
        let message = match self.fate {
            Fate::Lost => format!("Docker flushes {chain} {when}, and this rule is gone then"),
            Fate::Behind => format!("Docker puts rules of its own before this one {when}"),
            Fate::Before => {
                format!("Docker moves its jump behind this rule {when}: this one is asked first then")
            }
        };
        let words = Words::new(message);
        let words = match self.fate {
            Fate::Behind if self.table == TableName::Filter => words.note(
                "it works as written until then; what Docker's rules accept does not come to it afterwards",
            ),
            _ => words,
        };
        let words = if is_proved(self.layout) {
            words
        } else {
            words.note("this is what Docker's documents say of this engine; it has not been tried")
        };
        words.help(self.help())
    }

    /// Where the rule should go instead.
    fn help(self) -> &'static str {
        match (self.table, self.fate) {
            (TableName::Nat, Fate::Before) => {
                "put it first, where it stays: `table(\"nat\").prepend(\"PREROUTING\", …)`; or into table mangle or raw, if it is no translation"
            }
            (TableName::Nat, Fate::Lost) => {
                "put it first into PREROUTING, and into OUTPUT for this host's own packets: `table(\"nat\").prepend(\"PREROUTING\", …)`"
            }
            (TableName::Nat, Fate::Behind) => {
                "ask for packets that Docker's rules do not take, by `-s`; Docker masquerades its own subnets alone"
            }
            (TableName::Raw, _) => "put it into table mangle, PREROUTING, which Docker leaves alone",
            _ => {
                "put it into DOCKER-USER, which Docker leaves alone: `prepend(\"DOCKER-USER\", …)`; what is to be dropped whoever it is for, into table raw, PREROUTING"
            }
        }
    }
}
