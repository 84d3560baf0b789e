//! What a rule that matches does to the packet.

use super::action::{Action, Hops, Range};
use super::address::address;
use super::effect::Effect;
use super::flow::{Flow, Mark};
use super::nat;
use super::scene::Scene;
use super::trace::Loss;
use crate::model::{ChainId, Hook, TableName};

/// What comes of it.
pub(super) enum Done {
    /// The next rule is asked.
    On(Effect),
    Accepted,
    Dropped,
    Rejected(Box<str>),
    Handed(Box<str>),
    Lost(Effect, Loss),
    Jump(ChainId),
    Goto(ChainId),
    Returned,
    /// The packets that it may be now, and whether there are more.
    Rewritten(Vec<(Flow, Effect)>, bool),
}

/// Applies `action` in `table` at `hook`.
pub(super) fn apply(
    action: &Action,
    flow: &mut Flow,
    table: TableName,
    hook: Hook,
    scene: &Scene<'_>,
) -> Done {
    match action {
        Action::Nothing => Done::On(Effect::Counted),
        Action::Pass(name) => Done::On(Effect::Passed(name.clone())),
        Action::Accept => Done::Accepted,
        Action::Drop => Done::Dropped,
        Action::Return => Done::Returned,
        Action::Reject(with) => Done::Rejected(with.clone()),
        Action::Jump(chain) => Done::Jump(*chain),
        Action::Goto(chain) => Done::Goto(*chain),
        Action::Hand(name) => Done::Handed(name.clone()),
        Action::Destination(_)
        | Action::Source(_)
        | Action::Masquerade(_)
        | Action::Redirect(_)
        | Action::MapNetwork { .. }
            if table == TableName::Nat =>
        {
            rewrite(action, flow, hook, scene)
        }
        _ => Done::On(change(action, flow)),
    }
}

/// Changes what the packet carries.
fn change(action: &Action, flow: &mut Flow) -> Effect {
    match action {
        Action::Mark { clear, flip } => {
            flow.mark = flow.mark.changed(*clear, *flip);
            marked(flow.mark)
        }
        Action::UnknownMark => {
            flow.mark = Mark { value: 0, unknown: u32::MAX };
            Effect::MarkedSomehow
        }
        Action::ConnectionMark { .. } | Action::SaveMark { .. } | Action::RestoreMark { .. } => {
            connection_mark(action, flow)
        }
        Action::NoTrack => {
            // Only a packet that connection tracking has not seen can be exempt.
            if !flow.seen {
                flow.tracked.state = super::connection::State::Untracked;
                flow.seen = true;
            }
            Effect::Untracked
        }
        Action::Tos { clear, flip } => {
            flow.tos = (flow.tos & !clear) ^ flip;
            Effect::Changed
        }
        Action::Hops(hops) => {
            flow.ttl = match (hops, flow.ttl) {
                (Hops::Set(ttl), _) => Some(*ttl),
                (Hops::Less(by), Some(ttl)) => Some(ttl.saturating_sub(*by)),
                (Hops::More(by), Some(ttl)) => Some(ttl.saturating_add(*by)),
                (_, None) => None,
            };
            Effect::Changed
        }
        _ => Effect::Counted,
    }
}

const fn marked(mark: Mark) -> Effect {
    if mark.unknown == 0 { Effect::Marked(mark.value) } else { Effect::MarkedSomehow }
}

/// As `connmark_tg_shift` does it (`net/netfilter/xt_connmark.c`); a packet without a connection stays as it is.
fn connection_mark(action: &Action, flow: &mut Flow) -> Effect {
    if !flow.has_connection() {
        return Effect::Counted;
    }
    match action {
        Action::ConnectionMark { clear, flip, shift } => {
            flow.tracked.mark = shift.apply(flow.tracked.mark.changed(*clear, *flip));
        }
        Action::SaveMark { from, to, shift } => {
            let saved = shift.apply(flow.mark.and(*from));
            flow.tracked.mark = flow.tracked.mark.and(!*to).xor(saved);
        }
        Action::RestoreMark { from, to, shift } => {
            let restored = shift.apply(flow.tracked.mark.and(*from));
            flow.mark = flow.mark.and(!*to).xor(restored);
            return marked(flow.mark);
        }
        _ => {}
    }
    match flow.tracked.mark {
        Mark { value, unknown: 0 } => Effect::ConnectionMarked(value),
        _ => Effect::MarkedSomehow,
    }
}

fn rewrite(action: &Action, flow: &Flow, hook: Hook, scene: &Scene<'_>) -> Done {
    let no_address = |effect| Done::Lost(effect, Loss::NoAddress);
    let range = match action {
        Action::Destination(range) | Action::Source(range) => range.clone(),
        Action::Masquerade(range) => match nat::leaving_address(flow, scene) {
            Some(own) => Range { addresses: Some((own, own)), ..range.clone() },
            None => return no_address(Effect::Handed("MASQUERADE".into())),
        },
        Action::Redirect(range) => match nat::own_address(flow, hook, scene) {
            Some(own) => Range { addresses: Some((own, own)), ..range.clone() },
            None => return no_address(Effect::Handed("REDIRECT".into())),
        },
        Action::MapNetwork { address, mask } => {
            let header = &flow.header;
            let old = if nat::is_destination(hook) { header.destination } else { header.source };
            let new = (old & !mask) | (address & mask);
            Range { addresses: Some((new, new)), ports: None, base: None, random: false }
        }
        _ => return Done::On(Effect::Counted),
    };
    let choices = nat::rewrite(flow, &range, hook);
    let effect = |flow: Flow| {
        let port = |port: u16| flow.has_ports().then_some(port);
        let header = &flow.header;
        let effect = if nat::is_destination(hook) {
            Effect::Destination(address(header.destination, scene.family), port(header.destination_port))
        } else {
            Effect::Source(address(header.source, scene.family), port(header.source_port))
        };
        (flow, effect)
    };
    Done::Rewritten(choices.flows.into_iter().map(effect).collect(), choices.more)
}
