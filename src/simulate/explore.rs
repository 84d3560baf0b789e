//! Following a packet through chains, both ways where a match is unknown.
//!
//! Ways that lead to the same place with the same packet meet there again, so the work grows with the rules and the packets
//! that they can make of the one, and not with the combinations of the matches.

use super::answer::Answer;
use super::apply::{self, Done};
use super::assume::{self, Assumption};
use super::chains::{Chain, Chains};
use super::effect::{Effect, Step};
use super::flow::{Flow, Link};
use super::nat;
use super::outcome::{End, Fate, Node, Outcome, Seen, Ways};
use super::place::{At, Control, Frame, Position, go_on, handed, inert, leave};
use super::scene::Scene;
use super::stage::{Backend, Phase, Stage, Station};
use super::station::{self, Then};
use super::test::Asker;
use super::trace::Loss;
use crate::model::{ChainId, Hook, Policy, Ruleset, TableName};

/// The most parts of ways that are followed for one packet.
const NODES: usize = 20_000;
/// The most jumps of one packet: rules that loop would never end.
const JUMPS: usize = 50_000;
/// The deepest stack of chains; the kernel takes far fewer.
const DEPTH: usize = 512;

/// What a packet's way is followed with.
pub(super) struct Guide<'g> {
    pub(super) ruleset: &'g Ruleset,
    pub(super) chains: &'g Chains,
    pub(super) backend: Backend,
    pub(super) assumptions: &'g [Assumption],
    pub(super) scene: &'g Scene<'g>,
    pub(super) forced_out: Option<Link>,
}

/// The ways of a packet, and whether they were too many.
pub(super) fn explore(guide: &Guide<'_>, flow: Flow) -> (Ways, bool) {
    let mut explorer = Explorer {
        guide,
        nodes: Vec::new(),
        seen: Seen::default(),
        open: Vec::new(),
        jumps: 0,
        incomplete: false,
    };
    let root = explorer.add();
    match station::begin(&flow, guide.scene) {
        Ok(stage) => explorer.open.push((root, Position { stage, frames: Vec::new(), flow })),
        Err(outcome) => explorer.end(root, End::Final(outcome)),
    }
    while let Some((node, position)) = explorer.open.pop() {
        explorer.follow(node, position);
    }
    (Ways::new(explorer.nodes), explorer.incomplete)
}

struct Explorer<'e> {
    guide: &'e Guide<'e>,
    nodes: Vec<Node>,
    seen: Seen<Position>,
    open: Vec<(usize, Position)>,
    jumps: usize,
    incomplete: bool,
}

impl Explorer<'_> {
    fn add(&mut self) -> usize {
        self.nodes.push(Node { steps: Vec::new(), end: End::Open });
        self.nodes.len() - 1
    }

    fn end(&mut self, node: usize, end: End) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.end = end;
        }
    }

    fn push(&mut self, node: usize, step: Step) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.steps.push(step);
        }
    }

    /// The part of the way that begins at `position`, whoever comes there.
    fn meet(&mut self, position: Position) -> usize {
        if let Some(known) = self.seen.get(&position) {
            return *known;
        }
        let node = self.add();
        self.seen.insert(position.clone(), node);
        self.open.push((node, position));
        node
    }

    fn follow(&mut self, node: usize, mut position: Position) {
        loop {
            let control = match position.stage.station(self.guide.backend) {
                Station::Table(table, hook) if !position.frames.is_empty() => {
                    self.walk(node, &mut position, table, hook)
                }
                Station::Table(table, hook) => self.enter(&mut position, table, hook),
                station => self.pass(&mut position, station),
            };
            match control {
                Control::On => {}
                // As long as there is one way only, nobody else can be met.
                Control::Meet if self.nodes.len() == 1 => {}
                Control::Meet => {
                    let next = self.meet(position);
                    return self.end(node, End::Same(next));
                }
                Control::Stop(end) => return self.end(node, end),
            }
        }
    }

    /// A station that is no table.
    fn pass(&self, position: &mut Position, station: Station) -> Control {
        let (flow, scene) = (&mut position.flow, self.guide.scene);
        let then = match station {
            Station::Track => {
                flow.seen = true;
                Then::Next
            }
            Station::Route => station::route(flow, scene, self.guide.forced_out),
            Station::Reroute => station::reroute(flow, scene),
            Station::Turn => {
                flow.out = flow.route.or(flow.out);
                // A bridge does not say by which interface the packet came in (`br_nf_post_routing`).
                flow.into = flow.into.filter(|_| !flow.bridged);
                Then::Enter(Phase::Leave)
            }
            Station::Arrive => station::arrive(flow),
            Station::Go | Station::Table(..) => station::go(flow, scene),
        };
        match then {
            Then::Next => position.stage = position.stage.next(),
            Then::Enter(phase) => position.stage = Stage::start(phase),
            Then::End(outcome) => return Control::Stop(End::Final(outcome)),
        }
        Control::On
    }

    /// The beginning of a table at a hook.
    fn enter(&self, position: &mut Position, table: TableName, hook: Hook) -> Control {
        let tracks = || self.guide.chains.tracks(self.guide.ruleset);
        if table == TableName::Nat && !(nat::is_asked(&position.flow, hook) && tracks()) {
            nat::translate(&mut position.flow, hook);
            position.stage = position.stage.next();
            return Control::On;
        }
        let chain = self.guide.ruleset.builtin(table, hook);
        let idle = chain.filter(|chain| {
            let chain = self.guide.ruleset.chain(*chain);
            !chain.rules().is_empty() || chain.policy() == Policy::Drop
        });
        match idle {
            Some(chain) => {
                position.frames.push(Frame { chain, rule: 0, part: 0 });
                Control::Meet
            }
            None => leave(position, table, hook),
        }
    }

    /// The rules of a chain, up to one that leads elsewhere.
    fn walk(&mut self, node: usize, position: &mut Position, table: TableName, hook: Hook) -> Control {
        let guide = self.guide;
        let Some(frame) = position.frames.last().copied() else { return leave(position, table, hook) };
        let Some(chain) = guide.chains.get(guide.ruleset, frame.chain) else {
            return leave(position, table, hook);
        };
        for place in chain.cursor(guide.ruleset, &position.flow, guide.scene, frame.rule) {
            let skipped = if place == frame.rule { usize::from(frame.part) } else { 0 };
            let rules = chain.compiled(guide.ruleset, place as usize);
            for (part, rule) in (0_u16..).zip(rules).skip(skipped) {
                let Some(id) = chain.rule(place as usize) else { continue };
                let at = At { table, hook, chain: chain.id, place, part, id, rule };
                match self.rule(node, position, &at) {
                    Control::On => {}
                    control => return control,
                }
            }
        }
        self.leave_chain(node, position, chain, (table, hook))
    }

    /// One rule: whether it matches, and what it does then.
    fn rule(&mut self, node: usize, position: &mut Position, at: &At<'_>) -> Control {
        let mut names = Vec::new();
        match self.ask(&position.flow, at, &mut names) {
            Answer::No => Control::On,
            Answer::Yes => {
                go_on(position, at);
                self.act(node, position, at)
            }
            Answer::Unknown => self.fork(node, position, at, names),
        }
    }

    /// Whether the rule matches; `names` get what is unknown.
    fn ask(&self, flow: &Flow, at: &At<'_>, names: &mut Vec<String>) -> Answer {
        let guide = self.guide;
        for test in &at.rule.tests {
            match test.answer(flow, guide.scene) {
                Answer::No => return Answer::No,
                Answer::Yes => {}
                Answer::Unknown => {
                    let name = match &test.asker {
                        Asker::Rule => "rule",
                        Asker::Match(name) => name,
                        Asker::Named(name) => name,
                    };
                    let chain = guide.ruleset.chain_name(at.chain);
                    match assume::settle(guide.assumptions, name, guide.ruleset, chain, at.id) {
                        Some(true) => {}
                        Some(false) => return Answer::No,
                        None if names.iter().any(|known| known == name) => {}
                        None => names.push(name.to_owned()),
                    }
                }
            }
        }
        if names.is_empty() { Answer::Yes } else { Answer::Unknown }
    }

    /// Both ways behind a rule that may match.
    fn fork(&mut self, node: usize, position: &mut Position, at: &At<'_>, names: Vec<String>) -> Control {
        go_on(position, at);
        if let Some(effect) = inert(&at.rule.action) {
            self.push(node, at.step(effect, true));
            return Control::On;
        }
        let cause = at.cause(names);
        if self.nodes.len() >= NODES {
            self.incomplete = true;
            return Control::Stop(handed(cause, &position.flow));
        }
        let yes = self.add();
        let mut matched = position.clone();
        match self.act(yes, &mut matched, at) {
            Control::Stop(end) => self.end(yes, end),
            Control::On | Control::Meet => self.open.push((yes, matched)),
        }
        let no = self.meet(position.clone());
        Control::Stop(End::Fork { cause, yes, no })
    }

    /// What a rule does that matches.
    fn act(&mut self, node: usize, position: &mut Position, at: &At<'_>) -> Control {
        let done = apply::apply(&at.rule.action, &mut position.flow, at.table, at.hook, self.guide.scene);
        let ended = |fate: Fate, flow: &Flow| {
            Control::Stop(End::Final(Box::new(Outcome { fate, arrival: None, flow: *flow })))
        };
        match done {
            Done::On(effect) => {
                self.push(node, at.step(effect, false));
                Control::On
            }
            Done::Accepted => {
                self.push(node, at.step(Effect::Accepted, false));
                leave(position, at.table, at.hook)
            }
            Done::Dropped => {
                self.push(node, at.step(Effect::Dropped, false));
                ended(Fate::Dropped, &position.flow)
            }
            Done::Rejected(with) => {
                self.push(node, at.step(Effect::Rejected(with.clone()), false));
                ended(Fate::Rejected(with), &position.flow)
            }
            Done::Handed(name) => {
                self.push(node, at.step(Effect::Handed(name.clone()), false));
                Control::Stop(handed(at.cause(vec![name.into()]), &position.flow))
            }
            Done::Lost(effect, loss) => {
                self.push(node, at.step(effect, false));
                ended(Fate::Lost(loss), &position.flow)
            }
            Done::Jump(chain) => {
                self.push(node, at.step(Effect::Jumped(chain), false));
                self.jump(position, chain, false)
            }
            Done::Goto(chain) => {
                self.push(node, at.step(Effect::WentTo(chain), false));
                self.jump(position, chain, true)
            }
            Done::Returned => {
                self.push(node, at.step(Effect::Returned, false));
                position.frames.pop();
                self.back(node, position, (at.table, at.hook))
            }
            Done::Rewritten(ways, more) => self.rewritten(node, position, at, ways, more),
        }
    }

    /// The table is left with the connection rewritten; the kernel may have a choice.
    fn rewritten(
        &mut self,
        node: usize,
        position: &mut Position,
        at: &At<'_>,
        mut ways: Vec<(Flow, Effect)>,
        more: bool,
    ) -> Control {
        if let (1, false, Some((flow, effect))) = (ways.len(), more, ways.first().cloned()) {
            self.push(node, at.step(effect, false));
            position.flow = flow;
            return leave(position, at.table, at.hook);
        }
        let mut nodes = Vec::new();
        for (flow, effect) in ways.drain(..) {
            let way = self.add();
            self.push(way, at.step(effect, false));
            let mut chosen = Position { flow, ..position.clone() };
            leave(&mut chosen, at.table, at.hook);
            self.open.push((way, chosen));
            nodes.push(way);
        }
        let cause = at.cause(vec!["choice of an address or port".to_owned()]);
        if more {
            let way = self.add();
            self.end(way, handed(cause.clone(), &position.flow));
            nodes.push(way);
        }
        Control::Stop(End::Choice { cause, ways: nodes })
    }

    fn jump(&mut self, position: &mut Position, chain: ChainId, goto: bool) -> Control {
        if goto {
            position.frames.pop();
        }
        position.frames.push(Frame { chain, rule: 0, part: 0 });
        self.jumps += 1;
        if self.jumps > JUMPS || position.frames.len() > DEPTH {
            let flow = position.flow;
            return Control::Stop(End::Final(Box::new(Outcome {
                fate: Fate::Lost(Loss::Circle),
                arrival: None,
                flow,
            })));
        }
        Control::Meet
    }

    /// The end of a chain in which no rule decided.
    fn leave_chain(
        &mut self,
        node: usize,
        position: &mut Position,
        chain: &Chain,
        (table, hook): (TableName, Hook),
    ) -> Control {
        position.frames.pop();
        let (id, effect) = (chain.id, Effect::Ended);
        if self.guide.ruleset.chain(id).hook().is_none() {
            self.push(node, Step { table, chain: id, number: 0, rule: None, part: 0, effect, maybe: false });
        }
        self.back(node, position, (table, hook))
    }

    /// Behind the rule that jumped, or to the policy.
    fn back(&mut self, node: usize, position: &mut Position, (table, hook): (TableName, Hook)) -> Control {
        if !position.frames.is_empty() {
            return Control::Meet;
        }
        let Some(chain) = self.guide.ruleset.builtin(table, hook) else {
            return leave(position, table, hook);
        };
        let drops = self.guide.ruleset.chain(chain).policy() == Policy::Drop;
        let effect = if drops { Effect::PolicyDropped } else { Effect::PolicyAccepted };
        self.push(node, Step { table, chain, number: 0, rule: None, part: 0, effect, maybe: false });
        if drops {
            let outcome = Outcome { fate: Fate::Dropped, arrival: None, flow: position.flow };
            return Control::Stop(End::Final(Box::new(outcome)));
        }
        leave(position, table, hook)
    }
}
