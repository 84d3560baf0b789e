//! Which packets fare otherwise by another ruleset. It is a sample: packets that nobody tried may fare otherwise too.

use std::net::IpAddr;

use super::blame::{Blame, decider};
use super::differing::Differing;
use super::exposed::stranger;
use super::probes::{Probe, Probes};
use super::scene::Scene;
use super::site::{Members, Site};
use super::words::{header, outcome};
use crate::model::{Family, Ruleset};
use crate::simulate::{Packet, Simulator, Trace, Verdict};

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// The most packets.
    pub packets: usize,
    /// The most rules whose boundaries are tried.
    pub rules: usize,
}

impl Effort {
    /// For those who asked for it.
    pub const FULL: Self = Self { packets: 20_000, rules: 1_000 };
    /// Beside something else.
    pub const BRIEF: Self = Self { packets: 1_000, rules: 100 };
}

/// One of the rulesets that are compared.
#[derive(Clone, Copy, Debug)]
pub struct Side<'r> {
    /// The ruleset.
    pub ruleset: &'r Ruleset,
    /// Ipsets that it finds beside the host's.
    pub sets: &'r [Members],
}

/// What becomes of a packet.
#[derive(Clone, Debug)]
pub struct Fate {
    /// The verdict in words, and where the packet arrives.
    pub outcome: String,
    /// The verdict in one word.
    pub verdict: &'static str,
    /// What it was rewritten to.
    pub rewritten: Option<String>,
    /// The rule or policy that decides.
    pub by: Option<Blame>,
}

/// A packet that fares otherwise.
#[derive(Clone, Debug)]
pub struct Change {
    /// What the packet stands for.
    pub about: String,
    /// The packet in iptables' words.
    pub packet: String,
    /// How it fares by the old ruleset.
    pub before: Fate,
    /// How it fares by the new one.
    pub after: Fate,
}

/// How two rulesets of one family differ for packets.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The family.
    pub family: Family,
    /// How many packets were tried, answers to them included.
    pub probes: usize,
    /// How many rules differ.
    pub rules: usize,
    /// How many of these were not looked at, being too many.
    pub left_out: usize,
    /// The packets that fare otherwise.
    pub changes: Vec<Change>,
}

/// Tries packets by both rulesets of a family.
#[must_use]
pub fn compare(site: &Site, old: Side<'_>, new: Side<'_>, effort: Effort) -> Comparison {
    let differing = Differing::between(old.ruleset, new.ruleset);
    let mut comparison = Comparison {
        family: new.ruleset.family(),
        probes: 0,
        rules: differing.rules.len(),
        left_out: 0,
        changes: Vec::new(),
    };
    let facts = site.facts(new.ruleset);
    let facts = if site.is_told() { facts } else { site.facts(old.ruleset).completed_by(&facts) };
    let outside: IpAddr = stranger(comparison.family, &[]);
    let scene = Scene::of(&facts, [old.ruleset, new.ruleset], outside);
    let mut probes = Probes::new(&scene, effort.packets);
    probes.usual();
    comparison.left_out = probes.around(&differing, old.ruleset, new.ruleset, effort.rules);
    let sides = [old, new].map(|side| site.simulator_with(side.ruleset, facts.clone(), side.sets));
    for probe in &probes.all {
        comparison.both_ways(&sides, probe);
    }
    comparison
}

impl Comparison {
    /// Tries a packet, and where it arrives by both rulesets, the answer to it.
    fn both_ways(&mut self, [old, new]: &[Simulator<'_>; 2], probe: &Probe) {
        let packet = &probe.packet.packet;
        let Some((before, after)) = old.trace(packet).ok().zip(new.trace(packet).ok()) else { return };
        self.add([old, new], (&before, &after), probe, "");
        if !(before.verdict().is_accept() && after.verdict().is_accept()) {
            return;
        }
        let answers: Option<(Packet, Packet)> = before.reply().zip(after.reply());
        let Some((one, other)) = answers else { return };
        if let Some((before, after)) = old.trace(&one).ok().zip(new.trace(&other).ok()) {
            self.add([old, new], (&before, &after), probe, "the answer to ");
        }
    }

    fn add(
        &mut self,
        [old, new]: [&Simulator<'_>; 2],
        (before, after): (&Trace, &Trace),
        probe: &Probe,
        what: &str,
    ) {
        self.probes += 1;
        let is_same = outcome(before) == outcome(after)
            && (!before.verdict().is_accept() || before.rewritten() == after.rewritten());
        if is_same {
            return;
        }
        self.changes.push(Change {
            about: format!("{what}{}", probe.about),
            packet: probe.packet.text.clone(),
            before: fate(old.ruleset(), before),
            after: fate(new.ruleset(), after),
        });
    }
}

fn fate(ruleset: &Ruleset, trace: &Trace) -> Fate {
    let is_open = *trace.verdict() == Verdict::Depends;
    let on = trace.depends_on().first().map(|on| format!(" on {}", on.names.join(", ")));
    Fate {
        outcome: format!("{}{}", outcome(trace), on.filter(|_| is_open).unwrap_or_default()),
        verdict: trace.verdict().as_str(),
        rewritten: trace.rewritten().map(|rewritten| header(&rewritten)),
        by: decider(ruleset, trace),
    }
}
