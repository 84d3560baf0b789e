//! Chains that jump in a circle, and chains nested deeper than the kernel follows.

use super::components;
use super::graph::{Depth, Jump, Jumps};
use super::report::{Report, Words};
use super::survey::Survey;
use super::{Check, added_by};
use crate::model::extension::HookSet;
use crate::model::{ChainId, EditId, Hook, TableName};

const LOOP: &str = "jump-loop";
const DEPTH: &str = "jump-depth";
/// The most jumps inside each other that the nft backend takes (`NFT_JUMP_STACK_SIZE` less one); legacy takes more.
const DEEPEST: usize = 15;

const REFUSED: &str = "the kernel refuses it; take one of the jumps out";
const UNREACHED: &str =
    "no packet gets there, so it loads; the first jump to it from a built-in chain is refused";

pub(super) const CHECK: Check = Check { codes: &[LOOP, DEPTH], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    let order = survey.graph.order(Jumps::All);
    loops(survey, &order, report);
    depth(survey, &order, report);
}

fn loops(survey: &Survey<'_>, order: &[ChainId], report: &mut Report<'_>) {
    // Chains that are in an order do not jump in circles, and mostly all are.
    let chains = || TableName::ALL.into_iter().flat_map(|table| survey.ruleset.live_chains(table));
    if order.len() == chains().count() {
        return;
    }
    let (all, read) = (survey.reach(), survey.graph.reach(Jumps::Read));
    let is_reached = |reach: &[HookSet], chains: &[ChainId]| {
        chains.iter().any(|chain| reach.get(chain.index()).is_some_and(|hooks| *hooks != HookSet::NONE))
    };
    for chains in components::circles(&survey.graph, chains()) {
        let circle = Circle::new(survey, &chains);
        circle.report(survey, (is_reached(all, &chains), is_reached(&read, &chains)), report);
    }
}

/// One way round a set of chains of which each reaches every other.
struct Circle {
    /// The jumps, one after the other. The first is one that a script added, if there is any.
    jumps: Vec<Jump>,
    added: Option<EditId>,
}

impl Circle {
    fn new(survey: &Survey<'_>, chains: &[ChainId]) -> Self {
        let mut chains = chains.to_vec();
        chains.sort_unstable();
        let within = |jump: &&Jump| chains.binary_search(&jump.to).is_ok();
        let all = || chains.iter().flat_map(|chain| survey.graph.from(*chain)).filter(within);
        let added = all().find_map(|jump| Some((*jump, added_by(survey.ruleset, jump.rule)?)));
        let first = added.map(|(jump, _)| jump).or_else(|| all().next().copied());
        let rest = first.map(|first| survey.graph.path(first.to, first.from)).unwrap_or_default();
        Self { jumps: first.into_iter().chain(rest).collect(), added: added.map(|(_, edit)| edit) }
    }

    /// Reports it: an error at the line of a script that closes it, or that first leads packets to it.
    fn report(&self, survey: &Survey<'_>, (reached, before): (bool, bool), report: &mut Report<'_>) {
        let Some(first) = self.jumps.first() else { return };
        let words = || Words::new(self.message(survey));
        if self.added.is_some() || before {
            report.rule(first.rule, LOOP, || words().help(REFUSED));
        } else if reached {
            let entry = entry(survey, first.from);
            match entry.and_then(|jump| added_by(survey.ruleset, jump.rule)) {
                Some(edit) => report.edit(edit, LOOP, || {
                    let leads = "the input has the circle, and this is the first jump that leads there";
                    words().note(leads).help(REFUSED)
                }),
                None => report.rule(first.rule, LOOP, || words().help(REFUSED)),
            }
        } else if let Some(span) = survey.ruleset.span(first.rule) {
            report.input_warning(span, LOOP, || words().help(UNREACHED));
        }
    }

    fn message(&self, survey: &Survey<'_>) -> String {
        let mut names: Vec<&str> =
            self.jumps.iter().map(|jump| survey.ruleset.chain_name(jump.from)).collect();
        names.extend(names.first().copied());
        format!("chains jump in a circle: `{}`", names.join("` → `"))
    }
}

/// The jump that a script added on a way from a built-in chain to `chain`.
fn entry(survey: &Survey<'_>, chain: ChainId) -> Option<Jump> {
    let table = survey.ruleset.chain(chain).table();
    let starts = table.hooks().iter().filter_map(|hook: &Hook| survey.ruleset.builtin(table, *hook));
    let mut ways = starts.map(|start| survey.graph.path(start, chain)).filter(|way| !way.is_empty());
    ways.find_map(|way| way.into_iter().find(|jump| added_by(survey.ruleset, jump.rule).is_some()))
}

fn depth(survey: &Survey<'_>, order: &[ChainId], report: &mut Report<'_>) {
    let depths = survey.graph.depths(order, Jumps::All);
    let deepest = |depths: &[Depth]| depths.iter().map(|depth| depth.jumps).max().unwrap_or(0);
    if deepest(&depths) <= DEEPEST {
        return;
    }
    let before = deepest(&survey.graph.depths(&survey.graph.order(Jumps::Read), Jumps::Read));
    let Some(last) = depths.iter().filter(|depth| depth.jumps > DEEPEST).max_by_key(|depth| depth.jumps)
    else {
        return;
    };
    let Some(end) = last.by else { return };
    let way =
        std::iter::successors(Some(end), |jump| depths.get(jump.from.index()).and_then(|depth| depth.by));
    let added = way.clone().find(|jump| added_by(survey.ruleset, jump.rule).is_some());
    let blamed = added.filter(|_| before < last.jumps).unwrap_or(end);
    report.rule(blamed.rule, DEPTH, || {
        let name = survey.ruleset.chain_name(end.to);
        Words::new(format!("chain `{name}` is {} jumps deep, and the kernel follows {DEEPEST}", last.jumps))
            .help("nest less: jump to the deeper chains from one nearer to the built-in chain")
    });
}
