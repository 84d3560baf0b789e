//! Strongly connected chains: Tarjan's algorithm, without recursion, as chains may be nested 20,000 deep in a text.

use super::graph::Graph;
use crate::model::ChainId;

/// What is known of a chain during the search.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// Its number in the order of finding, from 1; 0 where it is not found yet.
    number: usize,
    /// The lowest number of a chain on the stack that it reaches.
    lowest: usize,
    on_stack: bool,
}

#[derive(Debug)]
struct Search<'g> {
    graph: &'g Graph<'g>,
    marks: Vec<Mark>,
    stack: Vec<ChainId>,
    /// The chains on the way, each with the index of its next jump.
    way: Vec<(ChainId, usize)>,
    found: usize,
    circles: Vec<Vec<ChainId>>,
}

/// The sets of `chains` that jump in circles: in each, every chain reaches every other.
pub(super) fn circles(graph: &Graph<'_>, chains: impl Iterator<Item = ChainId>) -> Vec<Vec<ChainId>> {
    let mut search = Search {
        graph,
        marks: Vec::new(),
        stack: Vec::new(),
        way: Vec::new(),
        found: 0,
        circles: Vec::new(),
    };
    for chain in chains {
        if search.mark(chain).number == 0 {
            search.enter(chain);
            search.walk();
        }
    }
    search.circles
}

impl Search<'_> {
    fn mark(&mut self, chain: ChainId) -> Mark {
        self.marks.get(chain.index()).copied().unwrap_or_default()
    }

    fn set(&mut self, chain: ChainId, mark: Mark) {
        if self.marks.len() <= chain.index() {
            self.marks.resize(chain.index() + 1, Mark::default());
        }
        if let Some(known) = self.marks.get_mut(chain.index()) {
            *known = mark;
        }
    }

    fn lower(&mut self, chain: ChainId, to: usize) {
        let mark = self.mark(chain);
        self.set(chain, Mark { lowest: mark.lowest.min(to), ..mark });
    }

    fn enter(&mut self, chain: ChainId) {
        self.found += 1;
        self.set(chain, Mark { number: self.found, lowest: self.found, on_stack: true });
        self.stack.push(chain);
        self.way.push((chain, 0));
    }

    fn walk(&mut self) {
        while let Some((chain, next)) = self.way.last_mut() {
            let chain = *chain;
            let Some(jump) = self.graph.from(chain).get(*next) else {
                self.leave(chain);
                continue;
            };
            *next += 1;
            let to = self.mark(jump.to);
            if to.number == 0 {
                self.enter(jump.to);
            } else if to.on_stack {
                self.lower(chain, to.number);
            }
        }
    }

    /// Goes back from `chain`, whose jumps have all been followed.
    fn leave(&mut self, chain: ChainId) {
        self.way.pop();
        let mark = self.mark(chain);
        if let Some((caller, _)) = self.way.last().copied() {
            self.lower(caller, mark.lowest);
        }
        if mark.lowest < mark.number {
            return;
        }
        let start = self.stack.iter().rposition(|other| *other == chain).unwrap_or(self.stack.len());
        let set = self.stack.split_off(start);
        for member in &set {
            let mark = self.mark(*member);
            self.set(*member, Mark { on_stack: false, ..mark });
        }
        let jumps_to_itself = || self.graph.from(chain).iter().any(|jump| jump.to == chain);
        if set.len() > 1 || jumps_to_itself() {
            self.circles.push(set);
        }
    }
}
