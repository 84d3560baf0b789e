//! Places on a packet's way: where it is in the chains, and where it goes from there.

use super::action::Action;
use super::compile::Rule;
use super::effect::{Effect, Step};
use super::flow::Flow;
use super::nat;
use super::outcome::{Cause, End, Fate, Outcome};
use super::stage::Stage;
use crate::model::{ChainId, Hook, RuleId, TableName};

/// A place in a chain: the rule that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Frame {
    pub(super) chain: ChainId,
    pub(super) rule: u32,
    /// Which of the rules that the rule stands for.
    pub(super) part: u16,
}

/// A packet at a place on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Position {
    pub(super) stage: Stage,
    pub(super) frames: Vec<Frame>,
    pub(super) flow: Flow,
}

/// What comes next.
pub(super) enum Control {
    /// The same part of the way goes on.
    On,
    /// It goes on at a place where another way may come to as well.
    Meet,
    /// It ends.
    Stop(End),
}

/// A rule that matches, or may.
#[derive(Clone, Copy)]
pub(super) struct At<'c> {
    pub(super) table: TableName,
    pub(super) hook: Hook,
    pub(super) chain: ChainId,
    pub(super) place: u32,
    pub(super) part: u16,
    pub(super) id: RuleId,
    pub(super) rule: &'c Rule,
}

impl At<'_> {
    pub(super) fn step(&self, effect: Effect, maybe: bool) -> Step {
        Step {
            table: self.table,
            chain: self.chain,
            number: self.place as usize + 1,
            rule: Some(self.id),
            part: self.part,
            effect,
            maybe,
        }
    }

    pub(super) fn cause(&self, names: Vec<String>) -> Cause {
        let number = self.place as usize + 1;
        Cause { table: self.table, chain: self.chain, number, rule: self.id, names }
    }
}

/// The next rule is the one behind this.
pub(super) fn go_on(position: &mut Position, at: &At<'_>) {
    if let Some(frame) = position.frames.last_mut() {
        frame.rule = at.place;
        frame.part = at.part + 1;
    }
}

/// The table has done its part.
pub(super) fn leave(position: &mut Position, table: TableName, hook: Hook) -> Control {
    position.frames.clear();
    if table == TableName::Nat {
        nat::note_asked(&mut position.flow, hook);
    }
    position.stage = position.stage.next();
    Control::Meet
}

/// What a rule does that changes nothing, so that it need not be known whether it matches.
pub(super) fn inert(action: &Action) -> Option<Effect> {
    match action {
        Action::Nothing => Some(Effect::Counted),
        Action::Pass(name) => Some(Effect::Passed(name.clone())),
        _ => None,
    }
}

pub(super) fn handed(cause: Cause, flow: &Flow) -> End {
    End::Final(Box::new(Outcome { fate: Fate::Handed(cause), arrival: None, flow: *flow }))
}
