//! What the methods of the builder do.

use rhai::{Dynamic, ImmutableString, NativeCallContext};

use super::error::{Fault, Native, raise};
use super::rule::raise_spelling;
use super::spelling::RuleBuilder;
use super::spelling::value::Value;
use crate::syntax;

/// A script's value for the method `name`.
pub(super) fn value(context: &NativeCallContext, name: &str, value: &Dynamic) -> Native<Value> {
    Value::of(name, value).map_err(|error| raise_spelling(context, &error))
}

/// The same rule with a protocol.
pub(super) fn protocol(context: &NativeCallContext, rule: RuleBuilder, name: Dynamic) -> Native<RuleBuilder> {
    Ok(rule.protocol(value(context, "protocol", &name)?))
}

/// A rule for ICMP of a type.
pub(super) fn icmp(context: &NativeCallContext, kind: Dynamic) -> Native<RuleBuilder> {
    Ok(RuleBuilder::default().icmp(value(context, "icmp", &kind)?))
}

/// The same rule with an option of the match `module`.
pub(super) fn option(
    context: &NativeCallContext,
    rule: RuleBuilder,
    module: Option<&str>,
    option: &str,
    given: &Dynamic,
) -> Native<RuleBuilder> {
    let value = value(context, option.trim_start_matches('-'), given)?;
    Ok(rule.option(module, option, &value))
}

/// The same rule with a comment.
pub(super) fn comment(context: &NativeCallContext, rule: RuleBuilder, text: &str) -> Native<RuleBuilder> {
    value(context, "comment", &text.into())?;
    Ok(rule.piece(["-m comment --comment ", &syntax::quoted(text)].concat()))
}

/// The same rule with a match on an ipset; the name may be negated.
pub(super) fn set(
    context: &NativeCallContext,
    rule: RuleBuilder,
    name: &Dynamic,
    direction: &str,
) -> Native<RuleBuilder> {
    let name = value(context, "set", name)?;
    let plain = |text: &str| {
        !text.is_empty()
            && !text.starts_with(['-', '!'])
            && !text.contains([' ', '\t', '"', '\'', '\\', '\n'])
    };
    let [set] = name.items.as_slice() else {
        let fault = Fault::new("bad-value", "`set` takes the name of one ipset")
            .help("for example `.set(\"admins\", \"src\")`");
        return Err(raise(context, fault));
    };
    if !plain(set) || !plain(direction) {
        let fault =
            Fault::new("bad-value", format!("`{set}` or `{direction}` cannot be part of a set match"));
        return Err(raise(context, fault.help("give a set's name and `\"src\"` or `\"dst\"`")));
    }
    let negation = if name.negated { "! " } else { "" };
    Ok(rule.piece(format!("-m set {negation}--match-set {set} {direction}")))
}

/// The same rule with any iptables text.
pub(super) fn options(context: &NativeCallContext, rule: RuleBuilder, text: &str) -> Native<RuleBuilder> {
    value(context, "options", &text.into())?;
    Ok(rule.piece(text.trim()))
}

/// The same rule with a jump.
pub(super) fn jump(
    context: &NativeCallContext,
    rule: RuleBuilder,
    option: &str,
    name: &str,
) -> Native<RuleBuilder> {
    if rule.has_target() {
        let fault = Fault::new(
            "second-target",
            format!("the rule has a target already, and `{name}` would be a second one"),
        );
        return Err(raise(context, fault.help("make two rules: `[rule.log(), rule.drop()]`")));
    }
    value(context, "jump", &name.into())?;
    let mut text = [option, " "].concat();
    syntax::push_word(&mut text, name);
    Ok(rule.target(text))
}

/// The same rule with a jump to a target and an option of it.
pub(super) fn jump_with(
    context: &NativeCallContext,
    rule: RuleBuilder,
    name: &str,
    option: &str,
    given: &Dynamic,
) -> Native<RuleBuilder> {
    let mut value = value(context, option.trim_start_matches('-'), given)?;
    // No option of a target can be negated: a leading `! ` is part of the text.
    if let Some(text) = given.read_lock::<ImmutableString>() {
        value = Value { negated: false, items: vec![text.to_string()], ..value };
    }
    let jumped = jump(context, rule, "-j", name)?;
    Ok(jumped.target(super::spelling::builder::option_text(None, option, &value)))
}
