//! Reading: what a rule says.

use rhai::plugin::*;
use rhai::{Engine, INT};

use crate::script::read;
use crate::script::view::{CountersView, RuleView};

/// Registers the refusal to assign.
pub(super) fn register(engine: &mut Engine) {
    read::refuse_assignments::<RuleView>(engine, &RULE);
    read::refuse_assignments::<CountersView>(engine, &["packets", "bytes"]);
}

static RULE: [&str; 17] = [
    "chain",
    "table",
    "position",
    "protocol",
    "source",
    "destination",
    "in_interface",
    "out_interface",
    "dport",
    "sport",
    "ctstate",
    "target",
    "comment",
    "owner",
    "counters",
    "text",
    "canonical",
];

/// What a rule says.
#[export_module]
pub(crate) mod topic {
    /// The name of the chain that the rule is in.
    #[rhai_fn(get = "chain", pure)]
    pub fn rule_chain(rule: &mut RuleView) -> String {
        read::chain_name(&rule.session, rule.chain)
    }

    /// The name of the table that the rule is in.
    #[rhai_fn(get = "table", pure)]
    pub fn rule_table(rule: &mut RuleView) -> String {
        read::chain_table(&rule.session, rule.chain).to_owned()
    }

    /// The position of the rule in its chain, from 1. Rules of other owners are not counted.
    #[rhai_fn(get = "position", pure)]
    pub fn rule_position(rule: &mut RuleView) -> INT {
        read::number(rule.position)
    }

    /// The protocol, such as `"tcp"`; `()` where the rule names none.
    #[rhai_fn(get = "protocol", pure)]
    pub fn rule_protocol(rule: &mut RuleView) -> Dynamic {
        rule.part(read::Part::Protocol)
    }

    /// The source, such as `"10.0.0.0/8"`, `"! 10.0.0.0/8"` where it is negated; `()` where the rule names none.
    #[rhai_fn(get = "source", pure)]
    pub fn rule_source(rule: &mut RuleView) -> Dynamic {
        rule.part(read::Part::Source)
    }

    /// The destination, spelled as `.source` is.
    #[rhai_fn(get = "destination", pure)]
    pub fn rule_destination(rule: &mut RuleView) -> Dynamic {
        rule.part(read::Part::Destination)
    }

    /// The interface that packets come in by; `()` where the rule names none.
    #[rhai_fn(get = "in_interface", pure)]
    pub fn rule_in_interface(rule: &mut RuleView) -> Dynamic {
        rule.part(read::Part::InInterface)
    }

    /// The interface that packets leave by; `()` where the rule names none.
    #[rhai_fn(get = "out_interface", pure)]
    pub fn rule_out_interface(rule: &mut RuleView) -> Dynamic {
        rule.part(read::Part::OutInterface)
    }

    /// The destination port as a number, or as text for a range or a list; `()` where the rule names none.
    #[rhai_fn(get = "dport", pure)]
    pub fn rule_dport(rule: &mut RuleView) -> Dynamic {
        rule.ports(["dport", "dports"])
    }

    /// The source port, as `.dport` is.
    #[rhai_fn(get = "sport", pure)]
    pub fn rule_sport(rule: &mut RuleView) -> Dynamic {
        rule.ports(["sport", "sports"])
    }

    /// The connection states, such as `"RELATED,ESTABLISHED"`; `()` where the rule names none.
    #[rhai_fn(get = "ctstate", pure)]
    pub fn rule_ctstate(rule: &mut RuleView) -> Dynamic {
        rule.option(&["ctstate", "state"])
    }

    /// The target or chain that the rule jumps or goes to; an empty string where it only counts.
    #[rhai_fn(get = "target", pure)]
    pub fn rule_target(rule: &mut RuleView) -> String {
        rule.target()
    }

    /// The comment without the owner's tag; `()` where there is none.
    #[rhai_fn(get = "comment", pure)]
    pub fn rule_comment(rule: &mut RuleView) -> Dynamic {
        rule.option(&["comment"])
    }

    /// Whose the rule is: the owner that its tag names, `"docker"` for Docker's own; an empty string where it is
    /// nobody's.
    #[rhai_fn(get = "owner", pure)]
    pub fn rule_owner(rule: &mut RuleView) -> String {
        rule.owner()
    }

    /// The counters: `.packets` and `.bytes`; `()` where the ruleset was read without.
    #[rhai_fn(get = "counters", pure)]
    pub fn rule_counters(rule: &mut RuleView) -> Dynamic {
        read::rule_counters(rule)
    }

    /// The rule as it is written, without its chain.
    #[rhai_fn(get = "text", pure)]
    pub fn rule_text(rule: &mut RuleView) -> String {
        rule.text()
    }

    /// The rule as iptables-save prints it, without its chain and the owner's tag.
    #[rhai_fn(get = "canonical", pure)]
    pub fn rule_canonical(rule: &mut RuleView) -> String {
        rule.canonical()
    }

    /// Whether the rule uses the match `name`, such as `"conntrack"`.
    pub fn has(rule: RuleView, name: &str) -> bool {
        rule.has(name)
    }

    /// The value of the option `name` (such as `"ctstate"`), `"! "` in front where it is negated; `()` where the rule does
    /// not use it.
    pub fn option(rule: RuleView, name: &str) -> Dynamic {
        rule.option(&[name])
    }

    /// How many packets.
    #[rhai_fn(get = "packets", pure)]
    pub fn packets(counters: &mut CountersView) -> INT {
        counters.packets
    }

    /// How many bytes.
    #[rhai_fn(get = "bytes", pure)]
    pub fn bytes(counters: &mut CountersView) -> INT {
        counters.bytes
    }

    /// The rule as iptables-save prints it.
    #[rhai_fn(name = "to_string", name = "to_debug")]
    pub fn rule_to_string(rule: RuleView) -> String {
        rule.canonical()
    }
}
