//! Anchors and selectors: how a script says which rules of a chain it means.

use std::rc::Rc;

use regex::Regex;
use rhai::{Dynamic, FnPtr, ImmutableString, NativeCallContext};

use super::fault::{Fault, Native, raise};
use super::pattern::Pattern;
use super::rule;
use super::session::{Session, session};
use super::spelling::value::type_name;
use super::view::RuleView;
use crate::model::{ChainId, Family, RuleId, Ruleset, equal, owner};

/// Which rules of a chain are meant.
pub(super) enum Selector {
    /// Those that jump or go to this name.
    Target(ImmutableString),
    /// The one at this position, from 1.
    Position(rhai::INT),
    /// Those equal to one of these.
    Rules(Vec<Wanted>),
    /// Those whose canonical text matches.
    Pattern(Pattern),
    /// Those of which a closure says so.
    Closure(FnPtr),
}

/// A rule that is looked for.
pub(super) struct Wanted {
    /// Its canonical form without a tag.
    canonical: String,
    /// The owner that its tag names.
    owner: Option<String>,
}

impl Wanted {
    fn of(canonical: &str, family: Family) -> Self {
        Self {
            canonical: owner::untagged(canonical, family).into_owned(),
            owner: owner::of(canonical, family),
        }
    }
}

/// Which rules a selector may find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// All.
    All,
    /// Those of other owners only where it names the owner.
    Own,
}

impl Selector {
    /// Takes what a script gave as an anchor or selector.
    pub(super) fn of(context: &NativeCallContext, value: &Dynamic) -> Native<Self> {
        if let Some(text) = value.read_lock::<ImmutableString>()
            && !looks_like_rule(&text)
        {
            return Ok(Self::Target(text.clone()));
        }
        if let Ok(position) = value.as_int() {
            return Ok(Self::Position(position));
        }
        if let Some(pattern) = value.read_lock::<Pattern>() {
            return Ok(Self::Pattern(pattern.clone()));
        }
        if let Some(closure) = value.read_lock::<FnPtr>() {
            return Ok(Self::Closure(closure.clone()));
        }
        if let Some(view) = value.read_lock::<RuleView>() {
            let family = session(context).borrow().ruleset.family();
            return Ok(Self::Rules(vec![Wanted::of(&view.tagged(), family)]));
        }
        if value.is_unit() || value.is_bool() {
            let fault = Fault::new("bad-value", format!("an anchor cannot be {}", type_name(value)));
            return Err(raise(context, fault.help(FORMS)));
        }
        let family = session(context).borrow().ruleset.family();
        let rules = rule::canonical_rules(context, family, value)?;
        Ok(Self::Rules(rules.iter().map(|rule| Wanted::of(rule, family)).collect()))
    }

    /// What is looked for, as it follows `has no rule that`.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Target(name) => format!("jumps to `{name}`"),
            Self::Position(position) => format!("stands at position {position}"),
            Self::Rules(rules) => {
                let rules: Vec<&str> = rules.iter().map(|rule| rule.canonical.as_str()).collect();
                format!("equals `{}`", rules.join("` or `"))
            }
            Self::Pattern(pattern) => format!("matches `{}`", pattern.0.as_str()),
            Self::Closure(_) => "the closure picks".to_owned(),
        }
    }

    /// The target that is looked for.
    pub(super) fn target(&self) -> Option<&str> {
        match self {
            Self::Target(name) => Some(name),
            _ => None,
        }
    }
}

const FORMS: &str = "an anchor is a target's name, a position, a rule, `matching(\"…\")` or a closure";

/// Whether text is a rule and not the name of a target.
fn looks_like_rule(text: &str) -> bool {
    text.starts_with(['-', '!']) || text.trim().contains([' ', '\t'])
}

/// The index of the first rule of `chain` that is meant.
pub(super) fn first(
    context: &NativeCallContext,
    chain: ChainId,
    selector: &Selector,
    reach: Reach,
) -> Native<Option<usize>> {
    let shared = session(context);
    match selector {
        Selector::Target(name) if reach == Reach::All || !shared.borrow().others => {
            Ok(shared.borrow().ruleset.find_target(chain, name).map(|(index, _)| index))
        }
        Selector::Target(_) | Selector::Rules(_) | Selector::Position(_) => {
            Ok(all(context, chain, selector, reach)?.first().copied())
        }
        Selector::Pattern(_) | Selector::Closure(_) => {
            search(context, chain, selector, reach, 1).map(|found| found.first().copied())
        }
    }
}

/// The indexes of all rules of `chain` that are meant, in order.
pub(super) fn all(
    context: &NativeCallContext,
    chain: ChainId,
    selector: &Selector,
    reach: Reach,
) -> Native<Vec<usize>> {
    let shared = session(context);
    match selector {
        Selector::Target(name) => Ok(with_target(&shared.borrow(), chain, name, reach)),
        Selector::Position(position) => {
            let number = usize::try_from(*position).ok().and_then(|position| position.checked_sub(1));
            Ok(number.and_then(|number| shared.borrow().index_at(chain, number)).into_iter().collect())
        }
        Selector::Rules(rules) => Ok(equal_to(&shared.borrow(), chain, rules, reach)),
        Selector::Pattern(_) | Selector::Closure(_) => search(context, chain, selector, reach, usize::MAX),
    }
}

fn with_target(session: &Session, chain: ChainId, name: &str, reach: Reach) -> Vec<usize> {
    let ruleset = &session.ruleset;
    let Some(target) = ruleset.symbols().get(name) else { return Vec::new() };
    let reached = |rule: RuleId| reach == Reach::All || session.is_within_reach(rule);
    let rules = ruleset.chain(chain).rules().iter().enumerate();
    let meant = rules.filter(|(_, rule)| ruleset.target(*rule) == target && reached(*rule));
    meant.map(|(index, _)| index).collect()
}

fn equal_to(session: &Session, chain: ChainId, rules: &[Wanted], reach: Reach) -> Vec<usize> {
    let ruleset = &session.ruleset;
    let mut found = Vec::new();
    for wanted in rules {
        let equal = ruleset.find_equal(chain, &wanted.canonical).into_iter();
        found.extend(equal.filter(|index| {
            let rule = ruleset.chain(chain).rules().get(*index);
            rule.is_some_and(|rule| match &wanted.owner {
                Some(owner) => ruleset.symbols().name(ruleset.owner(rule)) == owner,
                None => reach == Reach::All || session.is_within_reach(rule),
            })
        }));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Asks rule by rule, up to `most` finds. The session is free while a closure runs.
fn search(
    context: &NativeCallContext,
    chain: ChainId,
    selector: &Selector,
    reach: Reach,
    most: usize,
) -> Native<Vec<usize>> {
    let shared = session(context);
    let rules = shared.borrow().ruleset.chain(chain).rules().clone();
    let edits = shared.borrow().ruleset.edits().len();
    let watch = Rc::clone(&shared.borrow().watch);
    let mut found = Vec::new();
    let mut position = 0;
    for (index, rule) in rules.iter().enumerate() {
        watch.step(context)?;
        let within = shared.borrow().is_within_reach(rule);
        position += usize::from(within);
        let (picked, named) = match selector {
            Selector::Pattern(pattern) => matches(&shared.borrow().ruleset, rule, pattern),
            Selector::Closure(closure) => {
                shared.borrow().asked_owner.set(false);
                let view = RuleView::new(&shared, chain, rule, position + usize::from(!within));
                let picked = ask(context, closure, view)?;
                (picked, shared.borrow().asked_owner.get())
            }
            _ => (false, false),
        };
        if picked && (within || named || reach == Reach::All) {
            found.push(index);
            if found.len() >= most {
                break;
            }
        }
    }
    if shared.borrow().ruleset.edits().len() != edits {
        let fault = Fault::new("edit-in-selector", "the closure of a selector edits the ruleset it searches");
        return Err(raise(
            context,
            fault.help("let it answer only, and edit in a loop over what `find` gives"),
        ));
    }
    Ok(found)
}

/// Whether a pattern matches a rule, and whether it names the rule's owner by its tag.
fn matches(ruleset: &Ruleset, rule: RuleId, pattern: &Pattern) -> (bool, bool) {
    if pattern.0.as_str().contains(owner::PREFIX) {
        return (pattern.0.is_match(&equal::canonical(ruleset.body(rule), ruleset.family())), true);
    }
    (pattern.0.is_match(&ruleset.untagged(rule)), false)
}

/// Whether a closure says so of a rule.
pub(super) fn ask(context: &NativeCallContext, closure: &FnPtr, view: RuleView) -> Native<bool> {
    let answer: Dynamic = closure.call_within_context(context, (view,))?;
    answer.as_bool().map_err(|_| {
        let fault =
            Fault::new("bad-value", format!("the closure of a selector answered {}", type_name(&answer)));
        raise(context, fault.help("it must answer true or false, for example `|r| r.target == \"DROP\"`"))
    })
}

/// Compiles the pattern of `matching`.
pub(super) fn matching(context: &NativeCallContext, pattern: &str) -> Native<Pattern> {
    let shared = session(context);
    if let Some(known) = shared.borrow().patterns.get(pattern) {
        return Ok(known.clone());
    }
    let regex = Regex::new(pattern).map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        let fault = Fault::new("bad-pattern", format!("`{pattern}` is no regular expression: {last}"));
        raise(
            context,
            fault.help("a `.`, `(`, `[` or `+` that is meant as itself is written `\\.`, and so on"),
        )
    })?;
    let compiled = Pattern(Rc::new(regex));
    shared.borrow_mut().patterns.insert(pattern.to_owned(), compiled.clone());
    Ok(compiled)
}
