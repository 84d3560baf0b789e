//! Chains that jump in a circle, and chains nested deeper than the kernel follows.

use super::Check;
use super::graph::{Jump, Jumps, is_read};
use super::report::Report;
use super::survey::Survey;
use crate::model::{ChainId, Ruleset, TableName};

const LOOP: &str = "jump-loop";
const DEPTH: &str = "jump-depth";
/// The most jumps inside each other that the nft backend takes (`NFT_JUMP_STACK_SIZE` less one); legacy takes more.
const DEEPEST: usize = 15;

pub(super) const CHECK: Check = Check { codes: &[LOOP, DEPTH], run };

fn run(survey: &Survey<'_>, report: &mut Report<'_>) {
    for table in TableName::ALL {
        let loops = survey.graph.loops(survey.ruleset, table, Jumps::All);
        if loops.is_empty() {
            too_deep(survey, table, report);
        } else {
            let reached = survey.graph.reach(survey.ruleset, Jumps::All);
            for circle in &loops {
                let live = circle.first().is_some_and(|jump| reached.contains_key(&jump.from));
                one(survey.ruleset, circle, live, report);
            }
        }
    }
}

/// Reports a loop: an error at the line of a script that closes it. One that no built-in chain reaches loads, and is a
/// trap for the first jump to it.
fn one(ruleset: &Ruleset, circle: &[Jump], live: bool, report: &mut Report<'_>) {
    let Some(first) = circle.first() else { return };
    let names: Vec<&str> = circle.iter().map(|jump| ruleset.chain_name(jump.from)).collect();
    let way = [&names.join("` → `"), "` → `", ruleset.chain_name(first.from)].concat();
    let message = format!("chains jump in a circle: `{way}`");
    let help = "the kernel refuses it; take one of the jumps out";
    match circle.iter().find(|jump| !is_read(ruleset, jump.rule)) {
        Some(added) => report.rule(added.rule, LOOP, message, |found| found.help(help)),
        None if live => report.rule(first.rule, LOOP, message, |found| found.help(help)),
        None => {
            let span = ruleset.span(first.rule).unwrap_or_default();
            report.input_warning(span, LOOP, message, |found| {
                found.help("no packet gets there, so it loads; the first jump to it is refused")
            });
        }
    }
}

fn too_deep(survey: &Survey<'_>, table: TableName, report: &mut Report<'_>) {
    let ruleset = survey.ruleset;
    let depths = survey.graph.depths(ruleset, table, Jumps::All);
    let Some((deepest, depth)) =
        depths.iter().filter(|(_, depth)| **depth > DEEPEST).max_by_key(|(_, depth)| **depth)
    else {
        return;
    };
    let before = survey.graph.depths(ruleset, table, Jumps::Read);
    let introduced = before.values().all(|depth| *depth <= DEEPEST);
    let name = ruleset.chain_name(*deepest);
    let message = format!("chain `{name}` is {depth} jumps deep, and the kernel follows {DEEPEST}");
    let help = "nest less: jump to the deeper chains from one nearer to the built-in chain";
    let way = deepest_way(survey, *deepest, &depths);
    let added = way.iter().rev().find(|jump| !is_read(ruleset, jump.rule));
    match added.or(way.last()) {
        Some(jump) if introduced || is_read(ruleset, jump.rule) => {
            report.rule(jump.rule, DEPTH, message, |found| found.help(help));
        }
        Some(jump) => report.rule(way.last().unwrap_or(jump).rule, DEPTH, message, |found| found.help(help)),
        None => {}
    }
}

/// The jumps that lead to `end`, each one deeper than the last.
fn deepest_way(
    survey: &Survey<'_>,
    end: ChainId,
    depths: &rustc_hash::FxHashMap<ChainId, usize>,
) -> Vec<Jump> {
    let mut into: rustc_hash::FxHashMap<ChainId, Jump> = rustc_hash::FxHashMap::default();
    for (chain, depth) in depths {
        for jump in survey.graph.from(*chain) {
            if depths.get(&jump.to) == Some(&(depth + 1)) {
                into.insert(jump.to, *jump);
            }
        }
    }
    let mut way = Vec::new();
    let mut at = end;
    while let Some(jump) = into.get(&at) {
        way.push(*jump);
        at = jump.from;
    }
    way.reverse();
    way
}
