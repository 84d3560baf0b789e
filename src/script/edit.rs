//! What the editing functions do, whichever table they are called on.

use rhai::{Dynamic, NativeCallContext};

use super::fault::{Fault, Native, raise};
use super::rule;
use super::select::{self, Reach, Selector};
use super::session::{Anchor, Session, origin, session};
use crate::diagnostic::{did_you_mean, list};
use crate::model::names::{ChainName, ChainNameError};
use crate::model::{ChainId, EditError, EditKind, NewRule, Policy, RuleId, Ruleset, TableName};

/// The most names that an error lists.
const NAMES: usize = 12;

/// Where rules go in a chain.
enum Place<'a> {
    End,
    Index(usize),
    Before(&'a Dynamic),
    After(&'a Dynamic),
}

/// A place as it was found: the index, and the rule that it is beside.
type Found = (usize, Option<Anchor>);

/// Adds rules at the end of a chain.
pub(super) fn append(
    context: &NativeCallContext,
    table: TableName,
    chain: &str,
    rule: &Dynamic,
) -> Native<()> {
    add(context, table, chain, &Place::End, rule)
}

/// Adds rules at the head of a chain.
pub(super) fn prepend(
    context: &NativeCallContext,
    table: TableName,
    chain: &str,
    rule: &Dynamic,
) -> Native<()> {
    add(context, table, chain, &Place::Index(0), rule)
}

/// Adds rules at a position, from 1.
pub(super) fn insert(
    context: &NativeCallContext,
    table: TableName,
    chain: &str,
    position: rhai::INT,
    rule: &Dynamic,
) -> Native<()> {
    let number = usize::try_from(position).ok().and_then(|position| position.checked_sub(1));
    let shared = session(context);
    let (index, length) = {
        let session = shared.borrow();
        let id = require_chain(context, &session.ruleset, table, chain)?;
        let length = session.positions(id);
        let number = number.filter(|number| *number <= length);
        (number.map(|number| session.index_at(id, number).unwrap_or(usize::MAX)), length)
    };
    match index {
        Some(index) => add(context, table, chain, &Place::Index(index), rule),
        None => Err(raise(context, no_position(chain, position, length, 1))),
    }
}

/// Adds rules before the first one that `anchor` finds.
pub(super) fn insert_before(
    context: &NativeCallContext,
    table: TableName,
    chain: &str,
    anchor: &Dynamic,
    rule: &Dynamic,
) -> Native<()> {
    add(context, table, chain, &Place::Before(anchor), rule)
}

/// Adds rules after the first one that `anchor` finds.
pub(super) fn insert_after(
    context: &NativeCallContext,
    table: TableName,
    chain: &str,
    anchor: &Dynamic,
    rule: &Dynamic,
) -> Native<()> {
    add(context, table, chain, &Place::After(anchor), rule)
}

fn add(
    context: &NativeCallContext,
    table: TableName,
    chain: &str,
    place: &Place<'_>,
    rule: &Dynamic,
) -> Native<()> {
    let shared = session(context);
    let id = require_chain(context, &shared.borrow().ruleset, table, chain)?;
    let (index, anchor) = find_place(context, table, id, place)?;
    let rules = rule::new_rules(context, &shared, rule)?;
    let origin = origin(context);
    let mut session = shared.borrow_mut();
    let edit = session.ruleset.begin(EditKind::Add, id, origin).map_err(|error| refuse(context, &error))?;
    session.anchors.extend(anchor.map(|anchor| (edit, anchor)));
    for (offset, rule) in rules.into_iter().enumerate() {
        session.watch.step(context)?;
        session.ruleset.insert_rule(edit, id, index.saturating_add(offset), rule);
    }
    Ok(())
}

fn find_place(
    context: &NativeCallContext,
    table: TableName,
    id: ChainId,
    place: &Place<'_>,
) -> Native<Found> {
    let at = |index: usize| session(context).borrow().ruleset.chain(id).rules().get(index);
    Ok(match place {
        Place::End => (usize::MAX, None),
        Place::Index(index) => (*index, None),
        Place::Before(anchor) => {
            let index = anchor_index(context, table, id, anchor)?;
            (index, at(index).map(Anchor::Before))
        }
        Place::After(anchor) => {
            let index = anchor_index(context, table, id, anchor)?;
            (index + 1, at(index).map(Anchor::After))
        }
    })
}

/// Puts rules in the place of the first one that `anchor` finds. Where it finds none, but rules that an earlier run put
/// there are remembered, these stay.
pub(super) fn replace(
    context: &NativeCallContext,
    table: TableName,
    chain: &str,
    anchor: &Dynamic,
    rule: &Dynamic,
) -> Native<()> {
    let shared = session(context);
    let id = require_chain(context, &shared.borrow().ruleset, table, chain)?;
    let selector = Selector::of(context, anchor)?;
    let index = select::first(context, id, &selector, Reach::Own)?;
    let rules = rule::new_rules(context, &shared, rule)?;
    let origin = origin(context);
    let first = rules.first().filter(|_| index.is_none());
    let remembered = first.and_then(|first| shared.borrow_mut().remembered_index(id, &first.body));
    if index.is_none() && remembered.is_none() {
        return Err(missing_anchor(context, table, id, &selector));
    }
    let mut session = shared.borrow_mut();
    let edit =
        session.ruleset.begin(EditKind::Replace, id, origin).map_err(|error| refuse(context, &error))?;
    match (index, remembered) {
        (Some(index), _) => replace_with(&mut session, edit, (id, index), rules),
        (None, Some(index)) => {
            session.anchors.insert(edit, Anchor::Remembered);
            for (offset, rule) in rules.into_iter().enumerate() {
                session.ruleset.insert_rule(edit, id, index + offset, rule);
            }
        }
        (None, None) => {}
    }
    Ok(())
}

fn replace_with(
    session: &mut Session,
    edit: crate::model::EditId,
    (id, index): (ChainId, usize),
    rules: Vec<NewRule>,
) {
    let mut rules = rules.into_iter();
    let Some(first) = rules.next() else { return };
    session.ruleset.replace_rule(edit, id, index, first);
    for (offset, rule) in rules.enumerate() {
        session.ruleset.insert_rule(edit, id, index + 1 + offset, rule);
    }
}

/// Takes out all rules that `selector` finds; how many they were.
pub(super) fn remove(
    context: &NativeCallContext,
    table: TableName,
    chain: &str,
    selector: &Dynamic,
) -> Native<rhai::INT> {
    let shared = session(context);
    let id = require_chain(context, &shared.borrow().ruleset, table, chain)?;
    let selector = Selector::of(context, selector)?;
    let found = select::all(context, id, &selector, Reach::Own)?;
    if found.is_empty() {
        return Ok(0);
    }
    let origin = origin(context);
    let mut session = shared.borrow_mut();
    let edit =
        session.ruleset.begin(EditKind::Remove, id, origin).map_err(|error| refuse(context, &error))?;
    for index in found.iter().rev() {
        session.ruleset.remove_rule(edit, id, *index);
    }
    Ok(count(found.len()))
}

/// Takes out all rules of a chain but those of other owners.
pub(super) fn flush(context: &NativeCallContext, table: TableName, chain: &str) -> Native<()> {
    let shared = session(context);
    let id = require_chain(context, &shared.borrow().ruleset, table, chain)?;
    let origin = origin(context);
    let mut session = shared.borrow_mut();
    let edit = session.ruleset.begin(EditKind::Flush, id, origin).map_err(|error| refuse(context, &error))?;
    if !session.others {
        session.ruleset.flush(edit, id);
        return Ok(());
    }
    let rules = session.ruleset.chain(id).rules().iter();
    let (gone, kept): (Vec<RuleId>, Vec<RuleId>) = rules.partition(|rule| session.is_within_reach(*rule));
    session.ruleset.arrange(id, &kept);
    for rule in gone {
        session.ruleset.take_out(rule, edit);
    }
    Ok(())
}

/// Sets the policy of a built-in chain.
pub(super) fn set_policy(
    context: &NativeCallContext,
    table: TableName,
    chain: &str,
    policy: &str,
) -> Native<()> {
    let shared = session(context);
    let id = require_chain(context, &shared.borrow().ruleset, table, chain)?;
    let Some(parsed) = Policy::parse(policy) else {
        let fault = Fault::new("bad-policy", format!("`{policy}` is no policy"))
            .help("a policy is `ACCEPT` or `DROP`");
        return Err(raise(context, fault));
    };
    let origin = origin(context);
    let mut session = shared.borrow_mut();
    session.ruleset.set_policy(id, parsed, origin).map_err(|error| refuse(context, &error))?;
    Ok(())
}

/// Creates a user chain.
pub(super) fn new_chain(context: &NativeCallContext, table: TableName, name: &str) -> Native<()> {
    let name = user_chain(context, name)?;
    let origin = origin(context);
    let shared = session(context);
    let mut session = shared.borrow_mut();
    session.ruleset.new_chain(table, &name, origin).map_err(|error| refuse(context, &error))?;
    Ok(())
}

/// Removes a user chain with its rules.
pub(super) fn remove_chain(context: &NativeCallContext, table: TableName, name: &str) -> Native<()> {
    let origin = origin(context);
    let shared = session(context);
    let mut session = shared.borrow_mut();
    session.ruleset.remove_chain(table, name, origin).map_err(|error| refuse(context, &error))
}

/// Renames a user chain, and the jumps to it.
pub(super) fn rename_chain(
    context: &NativeCallContext,
    table: TableName,
    from: &str,
    to: &str,
) -> Native<()> {
    let to = user_chain(context, to)?;
    let origin = origin(context);
    let shared = session(context);
    let mut session = shared.borrow_mut();
    let renamed = session.ruleset.rename_chain(table, from, &to, origin);
    renamed.map_err(|error| match error {
        EditError::NoSuchChain { .. } => raise(context, no_chain(&session.ruleset, table, from)),
        error => refuse(context, &error),
    })
}

fn user_chain(context: &NativeCallContext, name: &str) -> Native<ChainName> {
    ChainName::user(name, rule::is_target).map_err(|error| refuse(context, &EditError::ChainName(error)))
}

/// The chain of `table` called `name`; the error lists what is there.
pub(super) fn require_chain(
    context: &NativeCallContext,
    ruleset: &Ruleset,
    table: TableName,
    name: &str,
) -> Native<ChainId> {
    ruleset.chain_id(table, name).ok_or_else(|| raise(context, no_chain(ruleset, table, name)))
}

fn no_chain(ruleset: &Ruleset, table: TableName, name: &str) -> Fault {
    let names: Vec<&str> = ruleset.live_chains(table).map(|id| ruleset.chain_name(id)).collect();
    let fault = Fault::new("missing-chain", format!("table `{table}` has no chain `{name}`"));
    if let Some(near) = did_you_mean(name, names.iter().copied()) {
        return fault.help(format!("did you mean `{near}`?"));
    }
    let elsewhere = TableName::ALL.into_iter().find(|other| ruleset.chain_id(*other, name).is_some());
    if let Some(other) = elsewhere {
        return fault.help(format!("table `{other}` has one: `table(\"{other}\").…`"));
    }
    fault.help(format!("its chains are {}; `new_chain(\"{name}\")` makes one", list(names, NAMES)))
}

/// The index of the first rule that `anchor` finds; the error lists what the chain jumps to.
fn anchor_index(
    context: &NativeCallContext,
    table: TableName,
    id: ChainId,
    anchor: &Dynamic,
) -> Native<usize> {
    let selector = Selector::of(context, anchor)?;
    let found = select::first(context, id, &selector, Reach::All)?;
    found.ok_or_else(|| missing_anchor(context, table, id, &selector))
}

fn missing_anchor(
    context: &NativeCallContext,
    table: TableName,
    id: ChainId,
    selector: &Selector,
) -> Box<rhai::EvalAltResult> {
    let shared = session(context);
    let session = shared.borrow();
    let ruleset = &session.ruleset;
    let chain = ruleset.chain_name(id);
    if let Selector::Position(position) = selector {
        return raise(context, no_position(chain, *position, session.positions(id), 0));
    }
    let mut targets: Vec<&str> = Vec::new();
    for rule in ruleset.chain(id).rules().iter() {
        let name = ruleset.symbols().name(ruleset.target(rule));
        if !name.is_empty() && targets.len() <= NAMES && !targets.contains(&name) {
            targets.push(name);
        }
    }
    let message = format!("chain `{chain}` of table `{table}` has no rule that {}", selector.describe());
    let fault = Fault::new("missing-anchor", message);
    let near = selector.target().and_then(|name| did_you_mean(name, targets.iter().copied()));
    raise(
        context,
        match near {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None if targets.is_empty() => {
                fault.help(format!("the chain has no rules: `append(\"{chain}\", …)` adds one"))
            }
            None => fault.help(format!("its rules jump to {}", list(targets, NAMES))),
        },
    )
}

fn no_position(chain: &str, position: rhai::INT, length: usize, extra: usize) -> Fault {
    let rules = if length == 1 { "1 rule".to_owned() } else { format!("{length} rules") };
    Fault::new("bad-position", format!("chain `{chain}` has {rules}, and {position} is no position in it"))
        .help(format!("positions count from 1 to {}", length + extra))
}

fn refuse(context: &NativeCallContext, error: &EditError) -> Box<rhai::EvalAltResult> {
    let (code, help) = match error {
        EditError::NoSuchChain { .. } => ("missing-chain", "see `chains()` for those that exist"),
        EditError::ChainName(name) => ("bad-chain-name", chain_name_help(name)),
        EditError::BuiltIn { .. } => {
            ("built-in-chain", "`flush` empties it and `set_policy` sets its policy")
        }
        EditError::ChainExists { .. } => ("chain-exists", "choose another name, or remove that chain first"),
        EditError::PolicyOnUserChain { .. } => {
            ("policy-on-user-chain", "end the chain with a rule such as `\"-j DROP\"` instead")
        }
        EditError::Commands { .. } => {
            ("shaped-by-commands", "load the file and take a dump with iptables-save")
        }
        EditError::Incomplete(_) => {
            ("incomplete-dump", "use the `nft` tool on that table, or take a complete dump")
        }
    };
    raise(context, Fault::new(code, error.to_string()).help(help))
}

const fn chain_name_help(error: &ChainNameError) -> &'static str {
    match error {
        ChainNameError::Empty => "give it one, for example `SITE-INPUT`",
        ChainNameError::TooLong(_) => "shorten it",
        ChainNameError::Character(..) | ChainNameError::Leading(_) => {
            "use letters, digits and `-`, as in `SITE-INPUT`"
        }
        ChainNameError::Target(_) => "choose another: a jump to it would mean the target",
    }
}

/// A number of things as scripts have numbers.
pub(super) fn count(number: usize) -> rhai::INT {
    rhai::INT::try_from(number).unwrap_or(rhai::INT::MAX)
}
