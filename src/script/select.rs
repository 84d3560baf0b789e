//! Anchors and selectors: how a script says which rules of a chain it means.

use std::rc::Rc;

use regex::Regex;
use rhai::{Dynamic, FnPtr, ImmutableString, NativeCallContext};

use super::error::{Fault, Native, raise};
use super::pattern::Pattern;
use super::rule;
use super::session::session;
use super::spelling::value::type_name;
use super::view::RuleView;
use crate::model::{ChainId, RuleId, Ruleset, equal};

/// Which rules of a chain are meant.
pub(super) enum Selector {
    /// Those that jump or go to this name.
    Target(ImmutableString),
    /// The one at this position, from 1.
    Position(rhai::INT),
    /// Those equal to one of these, in canonical form.
    Rules(Vec<String>),
    /// Those whose canonical text matches.
    Pattern(Pattern),
    /// Those of which a closure says so.
    Closure(FnPtr),
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
            return Ok(Self::Rules(vec![view.canonical()]));
        }
        if value.is_unit() || value.is_bool() {
            let fault = Fault::new("bad-value", format!("an anchor cannot be {}", type_name(value)));
            return Err(raise(context, fault.help(FORMS)));
        }
        let family = session(context).borrow().ruleset.family();
        let rules = rule::canonical_rules(context, family, value)?;
        Ok(Self::Rules(rules))
    }

    /// What is looked for, as it follows `has no rule that`.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Target(name) => format!("jumps to `{name}`"),
            Self::Position(position) => format!("stands at position {position}"),
            Self::Rules(rules) => format!("equals `{}`", rules.join("` or `")),
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
) -> Native<Option<usize>> {
    let shared = session(context);
    match selector {
        Selector::Target(name) => {
            Ok(shared.borrow().ruleset.find_target(chain, name).map(|(index, _)| index))
        }
        Selector::Rules(_) | Selector::Position(_) => Ok(all(context, chain, selector)?.first().copied()),
        Selector::Pattern(_) | Selector::Closure(_) => {
            search(context, chain, selector, 1).map(|found| found.first().copied())
        }
    }
}

/// The indexes of all rules of `chain` that are meant, in order.
pub(super) fn all(context: &NativeCallContext, chain: ChainId, selector: &Selector) -> Native<Vec<usize>> {
    let shared = session(context);
    match selector {
        Selector::Target(name) => Ok(with_target(&shared.borrow().ruleset, chain, name)),
        Selector::Position(position) => {
            let length = shared.borrow().ruleset.chain(chain).rules().len();
            let index = usize::try_from(*position).ok().and_then(|position| position.checked_sub(1));
            Ok(index.filter(|index| *index < length).into_iter().collect())
        }
        Selector::Rules(rules) => {
            let session = shared.borrow();
            let found = rules.iter().flat_map(|rule| session.ruleset.find_equal(chain, rule));
            let mut found: Vec<usize> = found.collect();
            found.sort_unstable();
            found.dedup();
            Ok(found)
        }
        Selector::Pattern(_) | Selector::Closure(_) => search(context, chain, selector, usize::MAX),
    }
}

fn with_target(ruleset: &Ruleset, chain: ChainId, name: &str) -> Vec<usize> {
    let Some(target) = ruleset.symbols().get(name) else { return Vec::new() };
    let rules = ruleset.chain(chain).rules().iter().enumerate();
    rules.filter(|(_, rule)| ruleset.target(*rule) == target).map(|(index, _)| index).collect()
}

/// Asks rule by rule, up to `most` finds. The session is free while a closure runs.
fn search(
    context: &NativeCallContext,
    chain: ChainId,
    selector: &Selector,
    most: usize,
) -> Native<Vec<usize>> {
    let shared = session(context);
    let rules = shared.borrow().ruleset.chain(chain).rules().clone();
    let mut found = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let picked = match selector {
            Selector::Pattern(pattern) => matches(&shared.borrow().ruleset, rule, pattern),
            Selector::Closure(closure) => {
                ask(context, closure, RuleView::new(&shared, chain, rule, index + 1))?
            }
            _ => false,
        };
        if picked {
            found.push(index);
            if found.len() >= most {
                break;
            }
        }
    }
    Ok(found)
}

fn matches(ruleset: &Ruleset, rule: RuleId, pattern: &Pattern) -> bool {
    pattern.0.is_match(&equal::canonical(ruleset.body(rule), ruleset.family()))
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
