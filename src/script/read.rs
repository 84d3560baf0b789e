//! What the reading functions do.

use rhai::{
    Array, Dynamic, Engine, EvalAltResult, FnPtr, FuncRegistration, ImmutableString, NativeCallContext,
    Variant,
};

use super::edit::require_chain;
use super::fault::{Fault, Native, raise};
use super::select::{self, Reach, Selector};
use super::session::{SharedSession, session};
use super::view::{ChainView, CountersView, RuleList, RuleView, TableView};
use crate::diagnostic::did_you_mean;
use crate::model::{ChainId, Policy, TableName, owner};

pub(super) use super::edit::count as number;
pub(super) use super::view::Part;

/// The tables that the ruleset names.
pub(super) fn tables(context: &NativeCallContext) -> Array {
    let shared = session(context);
    let names: Vec<TableName> = shared.borrow().ruleset.tables().map(crate::model::Table::name).collect();
    names.into_iter().map(|name| Dynamic::from(TableView { name })).collect()
}

/// The table called `name`.
pub(super) fn table(context: &NativeCallContext, name: &str) -> Native<TableView> {
    if let Some(name) = TableName::parse(name) {
        return Ok(TableView { name });
    }
    let fault = Fault::new("missing-table", format!("there is no table `{name}`"));
    let near = did_you_mean(name, TableName::ALL.map(TableName::as_str));
    Err(raise(
        context,
        match near {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help("the tables are raw, mangle, nat, filter and security"),
        },
    ))
}

/// The chains of a table.
pub(super) fn chains(context: &NativeCallContext, table: TableName) -> Array {
    let shared = session(context);
    let ids: Vec<ChainId> = shared.borrow().ruleset.live_chains(table).collect();
    ids.into_iter().map(|id| Dynamic::from(ChainView::new(&shared, id))).collect()
}

/// The chain of a table called `name`.
pub(super) fn chain(context: &NativeCallContext, table: TableName, name: &str) -> Native<ChainView> {
    let shared = session(context);
    let id = require_chain(context, &shared.borrow().ruleset, table, name)?;
    Ok(ChainView::new(&shared, id))
}

/// Whether a table has a chain called `name`.
pub(super) fn has_chain(context: &NativeCallContext, table: TableName, name: &str) -> bool {
    session(context).borrow().ruleset.chain_id(table, name).is_some()
}

/// The rules of a chain that `selector` finds.
pub(super) fn find(
    context: &NativeCallContext,
    table: TableName,
    chain: &str,
    selector: &Dynamic,
) -> Native<Array> {
    let shared = session(context);
    let id = require_chain(context, &shared.borrow().ruleset, table, chain)?;
    let found = select::all(context, id, &Selector::of(context, selector)?, Reach::All)?;
    let list = ChainView::new(&shared, id).rules();
    Ok(found.into_iter().filter_map(|index| list.get(index)).map(Dynamic::from).collect())
}

/// Whether a chain has a rule equal to `rule`; for several, whether it has all of them.
pub(super) fn has_rule(
    context: &NativeCallContext,
    table: TableName,
    chain: &str,
    rule: &Dynamic,
) -> Native<bool> {
    let shared = session(context);
    let id = require_chain(context, &shared.borrow().ruleset, table, chain)?;
    let family = shared.borrow().ruleset.family();
    let rules = super::rule::canonical_rules(context, family, rule)?;
    let session = shared.borrow();
    let has = |rule: &String| !session.ruleset.find_equal(id, &owner::untagged(rule, family)).is_empty();
    Ok(!rules.is_empty() && rules.iter().all(has))
}

/// How many rules of a chain `selector` finds.
pub(super) fn count(
    context: &NativeCallContext,
    table: TableName,
    chain: &str,
    selector: &Dynamic,
) -> Native<rhai::INT> {
    let id = require_chain(context, &session(context).borrow().ruleset, table, chain)?;
    Ok(number(select::all(context, id, &Selector::of(context, selector)?, Reach::All)?.len()))
}

/// The name of a chain.
pub(super) fn chain_name(shared: &SharedSession, chain: ChainId) -> String {
    shared.borrow().ruleset.chain_name(chain).to_owned()
}

/// The name of the table that a chain is in.
pub(super) fn chain_table(shared: &SharedSession, chain: ChainId) -> &'static str {
    shared.borrow().ruleset.chain(chain).table().as_str()
}

/// The policy of a chain.
pub(super) fn policy(view: &ChainView) -> Dynamic {
    let session = view.session.borrow();
    match session.ruleset.chain(view.chain).policy() {
        Policy::None => Dynamic::UNIT,
        _ => session.ruleset.policy_word(view.chain).to_owned().into(),
    }
}

/// How many rules of the chain's table jump or go to it.
pub(super) fn references(view: &ChainView) -> rhai::INT {
    let session = view.session.borrow();
    let ruleset = &session.ruleset;
    let (table, name) = (ruleset.chain(view.chain).table(), ruleset.chain(view.chain).name());
    let rules = ruleset.live_chains(table).flat_map(|chain| ruleset.chain(chain).rules().iter());
    number(rules.filter(|rule| ruleset.target(*rule) == name).count())
}

/// The counters of a chain's policy.
pub(super) fn chain_counters(view: &ChainView) -> Dynamic {
    let session = view.session.borrow();
    let ruleset = &session.ruleset;
    let line = ruleset.chain(view.chain).declaration().map(|declared| {
        let tail = crate::source::Span::new(declared.policy.end, declared.line.end);
        ruleset.source().slice(tail)
    });
    counters(line)
}

/// The counters of a rule.
pub(super) fn rule_counters(view: &RuleView) -> Dynamic {
    counters(view.session.borrow().ruleset.counters(view.rule))
}

/// Counters from their text `[packets:bytes]`.
fn counters(text: Option<&str>) -> Dynamic {
    let parse = |text: &str| {
        let (packets, bytes) = text.trim().strip_prefix('[')?.strip_suffix(']')?.split_once(':')?;
        Some(CountersView { packets: packets.parse().ok()?, bytes: bytes.parse().ok()? })
    };
    text.and_then(parse).map_or(Dynamic::UNIT, Dynamic::from)
}

/// The rule of a list at `index`, from 0, or from the end where it is negative.
pub(super) fn index(context: &NativeCallContext, list: &RuleList, index: rhai::INT) -> Native<RuleView> {
    let length = number(list.rules.len());
    let from_start = if index < 0 { index + length } else { index };
    let view = usize::try_from(from_start).ok().and_then(|index| list.get(index));
    view.ok_or_else(|| {
        let chain = chain_name(&list.session, list.chain);
        let fault = Fault::new(
            "bad-position",
            format!("chain `{chain}` has no rule at index {index}: it has {length}"),
        );
        raise(context, fault.help("an index counts from 0; `.position` counts from 1, as iptables does"))
    })
}

/// The rules of which a closure says so.
pub(super) fn filter(context: &NativeCallContext, list: &RuleList, closure: &FnPtr) -> Native<Array> {
    let mut found = Array::new();
    for view in list.clone() {
        if says_so(context, closure, view.clone())? {
            found.push(Dynamic::from(view));
        }
    }
    Ok(found)
}

/// What a closure makes of each rule.
pub(super) fn map(context: &NativeCallContext, list: &RuleList, closure: &FnPtr) -> Native<Array> {
    list.clone().into_iter().map(|view| closure.call_within_context(context, (view,))).collect()
}

/// Whether a closure says so of any rule.
pub(super) fn some(context: &NativeCallContext, list: &RuleList, closure: &FnPtr) -> Native<bool> {
    for view in list.clone() {
        if says_so(context, closure, view)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a closure says so of every rule.
pub(super) fn every(context: &NativeCallContext, list: &RuleList, closure: &FnPtr) -> Native<bool> {
    for view in list.clone() {
        if !says_so(context, closure, view)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn says_so(context: &NativeCallContext, closure: &FnPtr, view: RuleView) -> Native<bool> {
    select::ask(context, closure, view)
}

/// Makes assigning to the properties `names` of `T` an error. Rhai would otherwise take the assignment, or a change
/// through the property, and lose it.
///
/// Rhai writes a property back after any method call on it, changed or not: what is the same is let through.
pub(super) fn refuse_assignments<T: Variant + Clone>(engine: &mut Engine, names: &'static [&'static str]) {
    for name in names.iter().copied() {
        let getter = ["get$", name].concat();
        let refuse = move |context: NativeCallContext,
                           object: &mut T,
                           new: Dynamic|
              -> Result<(), Box<EvalAltResult>> {
            let mut copy = Dynamic::from(object.clone());
            let old = context.call_native_fn_raw(&getter, true, &mut [&mut copy])?;
            if is_unchanged(&old, &new) {
                return Ok(());
            }
            let fault = Fault::new(
                "read-only",
                format!("`{name}` was only read, and cannot be changed through what was read"),
            );
            Err(raise(
                &context,
                fault.help(
                    "change the ruleset by `append`, `replace_rule`, `remove_rule`, `set_policy` and so on",
                ),
            ))
        };
        // Pure, so that constants may be read through: the setter changes nothing.
        FuncRegistration::new_setter(name).with_purity(true).register_into_engine(engine, refuse);
    }
}

/// Whether what is written back is what was read.
fn is_unchanged(old: &Dynamic, new: &Dynamic) -> bool {
    if old.type_id() != new.type_id() {
        return false;
    }
    if let (Some(old), Some(new)) = (old.read_lock::<Array>(), new.read_lock::<Array>()) {
        return old.len() == new.len() && old.iter().zip(new.iter()).all(|(old, new)| is_unchanged(old, new));
    }
    if let (Some(old), Some(new)) = (old.read_lock::<ImmutableString>(), new.read_lock::<ImmutableString>()) {
        return *old == *new;
    }
    if let (Ok(old), Ok(new)) = (old.as_int(), new.as_int()) {
        return old == new;
    }
    // What is left is of types that no function changes.
    true
}
