//! The ways that a packet may go, as a graph, and what they come to.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::effect::Step;
use super::flow::Flow;
use super::trace::{Arrival, Dependency, Loss, Verdict};
use crate::model::{ChainId, RuleId, TableName};

/// What becomes of a packet on one way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fate {
    Accepted,
    Dropped,
    Rejected(Box<str>),
    Lost(Loss),
    /// A target that decides by itself.
    Handed(Cause),
}

impl Fate {
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Accepted => Verdict::Accept,
            Self::Dropped => Verdict::Drop,
            Self::Rejected(with) => Verdict::Reject(with.clone()),
            Self::Lost(loss) => Verdict::Lost(*loss),
            Self::Handed(_) => Verdict::Depends,
        }
    }
}

/// The end of a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) fate: Fate,
    pub(super) arrival: Option<Arrival>,
    pub(super) flow: Flow,
}

impl Outcome {
    /// Whether it is the same to whoever sent the packet.
    fn is_like(&self, other: &Self) -> bool {
        self.fate == other.fate && self.arrival == other.arrival && self.flow.header == other.flow.header
    }
}

/// A rule that parts the ways.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cause {
    pub(super) table: TableName,
    pub(super) chain: ChainId,
    pub(super) number: usize,
    pub(super) rule: RuleId,
    pub(super) names: Vec<String>,
}

impl Cause {
    fn dependency(&self, yes: Vec<Verdict>, no: Vec<Verdict>) -> Dependency {
        let Self { table, chain, number, rule, ref names } = *self;
        Dependency { table, chain, number, rule, names: names.clone(), yes, no }
    }
}

/// How a part of the way ends.
#[derive(Debug)]
pub(super) enum End {
    /// It was not followed yet.
    Open,
    /// A rule may match or not.
    Fork { cause: Cause, yes: usize, no: usize },
    /// The kernel chooses an address or port.
    Choice { cause: Cause, ways: Vec<usize> },
    /// It goes on as another part.
    Same(usize),
    /// The packet is there, or gone.
    Final(Box<Outcome>),
}

/// A part of the way without a fork.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
}

/// A set of outcomes, by their indexes; those beyond the last bit share it.
type Set = u128;

/// The ways of a packet, the first node their beginning.
#[derive(Debug)]
pub(super) struct Ways {
    nodes: Vec<Node>,
    finals: Vec<Outcome>,
    sets: Vec<Set>,
}

/// One way: its steps, the rules that were taken to match or not, and its end.
#[derive(Debug)]
pub(super) struct Way<'w> {
    pub(super) steps: Vec<Step>,
    pub(super) given: Vec<(RuleId, bool)>,
    pub(super) outcome: &'w Outcome,
}

impl Ways {
    pub(super) fn new(nodes: Vec<Node>) -> Self {
        let mut ways = Self { sets: vec![0; nodes.len()], nodes, finals: Vec::new() };
        ways.gather();
        ways
    }

    fn children(end: &End) -> Vec<usize> {
        match end {
            End::Fork { yes, no, .. } => vec![*no, *yes],
            End::Choice { ways, .. } => ways.clone(),
            End::Same(node) => vec![*node],
            End::Open | End::Final(_) => Vec::new(),
        }
    }

    /// What each node may come to: that of the nodes behind it first. A way that comes back to itself adds nothing.
    fn gather(&mut self) {
        let mut stack = vec![(0, false)];
        let mut visited = vec![false; self.nodes.len()];
        while let Some((index, done)) = stack.pop() {
            let Some(node) = self.nodes.get(index) else { continue };
            let children = Self::children(&node.end);
            if done {
                let set = match &node.end {
                    End::Final(outcome) => bit(&mut self.finals, outcome),
                    _ => children.iter().fold(0, |set, child| set | self.set(*child)),
                };
                self.sets.get_mut(index).into_iter().for_each(|slot| *slot = set);
            } else if visited.get_mut(index).is_some_and(|seen| !std::mem::replace(seen, true)) {
                stack.push((index, true));
                stack.extend(children.into_iter().map(|child| (child, false)));
            }
        }
    }

    fn set(&self, node: usize) -> Set {
        self.sets.get(node).copied().unwrap_or(0)
    }

    fn verdicts(&self, set: Set) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for (index, outcome) in self.finals.iter().enumerate() {
            let verdict = outcome.fate.verdict();
            if set & place(index) != 0 && !verdicts.contains(&verdict) {
                verdicts.push(verdict);
            }
        }
        verdicts
    }

    /// What the packet comes to.
    pub(super) fn verdict(&self) -> Verdict {
        match self.verdicts(self.set(0)).as_slice() {
            [only] => only.clone(),
            [] => Verdict::Lost(Loss::Circle),
            _ => Verdict::Depends,
        }
    }

    /// The rules that the verdict depends on.
    pub(super) fn dependencies(&self) -> Vec<Dependency> {
        let mut found = Vec::new();
        let mut known = BTreeSet::new();
        for node in &self.nodes {
            let dependency = match &node.end {
                End::Fork { cause, yes, no } => {
                    let (yes, no) = (self.verdicts(self.set(*yes)), self.verdicts(self.set(*no)));
                    (!same(&yes, &no)).then(|| cause.dependency(yes, no))
                }
                End::Choice { cause, ways } => {
                    let all = ways.iter().fold(0, |set, way| set | self.set(*way));
                    let all = self.verdicts(all);
                    let parted = ways.iter().any(|way| !same(&self.verdicts(self.set(*way)), &all));
                    parted.then(|| cause.dependency(all, Vec::new()))
                }
                End::Final(outcome) => match &outcome.fate {
                    Fate::Handed(cause) => {
                        Some(cause.dependency(vec![Verdict::Accept, Verdict::Drop], Vec::new()))
                    }
                    _ => None,
                },
                End::Open | End::Same(_) => None,
            };
            found.extend(dependency.filter(|one| known.insert((one.table, one.chain, one.number))));
        }
        found
    }

    /// One way for each outcome; the first is that on which nothing unknown matches.
    pub(super) fn each(&self) -> Vec<Way<'_>> {
        let mut ways: Vec<Way<'_>> = self.way(Set::MAX).into_iter().collect();
        let first = ways.first().map(|way| way.outcome.clone());
        for (index, outcome) in self.finals.iter().enumerate().take(Set::BITS as usize) {
            if first.as_ref().is_none_or(|first| !first.is_like(outcome)) {
                ways.extend(self.way(place(index)));
            }
        }
        ways
    }

    /// A way to one of the outcomes of the set, on which as little as may be matches.
    fn way(&self, set: Set) -> Option<Way<'_>> {
        let (mut steps, mut given, mut at) = (Vec::new(), Vec::new(), 0);
        // No way is longer than all its parts, unless it goes round in circles.
        for _ in 0..=self.nodes.len() {
            let node = self.nodes.get(at)?;
            steps.extend(node.steps.iter().cloned());
            let leads = |node: usize| self.set(node) & set != 0;
            at = match &node.end {
                End::Final(outcome) => return Some(Way { steps, given, outcome }),
                End::Same(next) => *next,
                End::Choice { ways, .. } => ways.iter().copied().find(|way| leads(*way))?,
                End::Fork { cause, yes, no } => {
                    let matches = !leads(*no);
                    given.push((cause.rule, matches));
                    if matches { *yes } else { *no }
                }
                End::Open => return None,
            };
        }
        None
    }
}

fn same(one: &[Verdict], other: &[Verdict]) -> bool {
    one.len() == other.len() && one.iter().all(|verdict| other.contains(verdict))
}

const fn place(index: usize) -> Set {
    let last = Set::BITS as usize - 1;
    1 << if index < last { index } else { last }
}

fn bit(finals: &mut Vec<Outcome>, outcome: &Outcome) -> Set {
    let known = finals.iter().position(|known| known.is_like(outcome));
    place(known.unwrap_or_else(|| {
        finals.push(outcome.clone());
        finals.len() - 1
    }))
}

/// Nodes by the place and packet that they begin with.
pub(super) type Seen<P> = FxHashMap<P, usize>;
