//! The builder: `tcp().dport(22).from(admins).accept()`. Each method gives a new builder and leaves the old one as it was.

use rhai::INT;
use rhai::plugin::*;

use crate::script::building as b;
use crate::script::spelling::RuleBuilder;

/// Rules by a builder.
#[export_module]
pub(crate) mod topic {
    /// A rule that matches everything, to be narrowed by methods.
    pub fn rule() -> RuleBuilder {
        RuleBuilder::default()
    }

    /// A rule for TCP.
    #[rhai_fn(return_raw)]
    pub fn tcp(context: NativeCallContext) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::protocol(&context, RuleBuilder::default(), "tcp".into())
    }

    /// A rule for UDP.
    #[rhai_fn(return_raw)]
    pub fn udp(context: NativeCallContext) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::protocol(&context, RuleBuilder::default(), "udp".into())
    }

    /// A rule for the family's own ICMP.
    #[rhai_fn(name = "icmp", return_raw)]
    pub fn icmp_any(context: NativeCallContext) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::icmp(&context, ().into())
    }

    /// A rule for the family's own ICMP, of a type such as `"echo-request"`.
    #[rhai_fn(return_raw)]
    pub fn icmp(context: NativeCallContext, kind: Dynamic) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::icmp(&context, kind)
    }

    /// Narrows the rule to a protocol, by name or number.
    #[rhai_fn(return_raw)]
    pub fn protocol(
        context: NativeCallContext,
        rule: RuleBuilder,
        name: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::protocol(&context, rule, name)
    }

    /// Narrows the rule to destination ports: a number, a range `"8000:8100"`, or an array of them. More than 15 become
    /// several rules.
    #[rhai_fn(return_raw)]
    pub fn dport(
        context: NativeCallContext,
        rule: RuleBuilder,
        ports: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        Ok(rule.dport(b::value(&context, "dport", &ports)?))
    }

    /// Narrows the rule to source ports, given as for `dport`.
    #[rhai_fn(return_raw)]
    pub fn sport(
        context: NativeCallContext,
        rule: RuleBuilder,
        ports: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        Ok(rule.sport(b::value(&context, "sport", &ports)?))
    }

    /// Narrows the rule to sources: an address, one with a mask, or an array of them, each of which becomes a rule. An empty
    /// array is from anywhere; an array that has none of the family at hand yields no rule, and a warning.
    #[rhai_fn(return_raw)]
    pub fn from(
        context: NativeCallContext,
        rule: RuleBuilder,
        addresses: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        Ok(rule.source(b::value(&context, "from", &addresses)?))
    }

    /// Narrows the rule to destinations, given as for `from`.
    #[rhai_fn(return_raw)]
    pub fn to(
        context: NativeCallContext,
        rule: RuleBuilder,
        addresses: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        Ok(rule.destination(b::value(&context, "to", &addresses)?))
    }

    /// Narrows the rule to packets that come in by an interface; `+` at the end of its name stands for anything.
    #[rhai_fn(return_raw)]
    pub fn in_interface(
        context: NativeCallContext,
        rule: RuleBuilder,
        name: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::option(&context, rule, None, "-i", &name)
    }

    /// Narrows the rule to packets that leave by an interface; `+` at the end of its name stands for anything.
    #[rhai_fn(return_raw)]
    pub fn out_interface(
        context: NativeCallContext,
        rule: RuleBuilder,
        name: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::option(&context, rule, None, "-o", &name)
    }

    /// Narrows the rule to connection states, such as `"NEW"` or `["ESTABLISHED", "RELATED"]`.
    #[rhai_fn(return_raw)]
    pub fn ctstate(
        context: NativeCallContext,
        rule: RuleBuilder,
        states: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::option(&context, rule, Some("conntrack"), "--ctstate", &states)
    }

    /// Narrows the rule to a rate, such as `"3/min"`.
    #[rhai_fn(return_raw)]
    pub fn limit(
        context: NativeCallContext,
        rule: RuleBuilder,
        rate: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::option(&context, rule, Some("limit"), "--limit", &rate)
    }

    /// Narrows the rule to a rate, such as `"3/min"`, after a burst of so many packets.
    #[rhai_fn(name = "limit", return_raw)]
    pub fn limit_burst(
        context: NativeCallContext,
        rule: RuleBuilder,
        rate: Dynamic,
        burst: INT,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        let limited = b::option(&context, rule, Some("limit"), "--limit", &rate)?;
        b::option(&context, limited, None, "--limit-burst", &burst.into())
    }

    /// Gives the rule a comment.
    #[rhai_fn(return_raw)]
    pub fn comment(
        context: NativeCallContext,
        rule: RuleBuilder,
        text: &str,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::comment(&context, rule, text)
    }

    /// Narrows the rule to what the ipset `name` holds; `direction` is `"src"`, `"dst"` or, for sets of several parts,
    /// such as `"src,dst"`.
    #[rhai_fn(return_raw)]
    pub fn set(
        context: NativeCallContext,
        rule: RuleBuilder,
        name: Dynamic,
        direction: &str,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::set(&context, rule, &name, direction)
    }

    /// Narrows the rule to packets with a mark: a number, or text such as `"0x1/0xff"`.
    #[rhai_fn(return_raw)]
    pub fn mark(
        context: NativeCallContext,
        rule: RuleBuilder,
        mark: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::option(&context, rule, Some("mark"), "--mark", &mark)
    }

    /// Adds any iptables text to the rule.
    #[rhai_fn(return_raw)]
    pub fn options(
        context: NativeCallContext,
        rule: RuleBuilder,
        text: &str,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::options(&context, rule, text)
    }

    /// Lets the packet through.
    #[rhai_fn(return_raw)]
    pub fn accept(context: NativeCallContext, rule: RuleBuilder) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump(&context, rule, "-j", "ACCEPT")
    }

    /// Drops the packet without an answer.
    #[rhai_fn(return_raw)]
    pub fn drop(context: NativeCallContext, rule: RuleBuilder) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump(&context, rule, "-j", "DROP")
    }

    /// Refuses the packet with an answer.
    #[rhai_fn(return_raw)]
    pub fn reject(context: NativeCallContext, rule: RuleBuilder) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump(&context, rule, "-j", "REJECT")
    }

    /// Refuses the packet with an answer of this kind, such as `"tcp-reset"`.
    #[rhai_fn(name = "reject", return_raw)]
    pub fn reject_with(
        context: NativeCallContext,
        rule: RuleBuilder,
        answer: &str,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump_with(&context, rule, "REJECT", "--reject-with", &answer.into())
    }

    /// Goes back to the chain that jumped here.
    #[rhai_fn(return_raw)]
    pub fn returns(context: NativeCallContext, rule: RuleBuilder) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump(&context, rule, "-j", "RETURN")
    }

    /// Logs the packet and goes on.
    #[rhai_fn(return_raw)]
    pub fn log(context: NativeCallContext, rule: RuleBuilder) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump(&context, rule, "-j", "LOG")
    }

    /// Logs the packet with a prefix of at most 29 bytes, and goes on.
    #[rhai_fn(name = "log", return_raw)]
    pub fn log_prefix(
        context: NativeCallContext,
        rule: RuleBuilder,
        prefix: &str,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump_with(&context, rule, "LOG", "--log-prefix", &prefix.into())
    }

    /// Jumps to a chain, or to a target that needs no options.
    #[rhai_fn(return_raw)]
    pub fn jump(
        context: NativeCallContext,
        rule: RuleBuilder,
        name: &str,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump(&context, rule, "-j", name)
    }

    /// Goes to a chain and does not come back.
    #[rhai_fn(return_raw)]
    pub fn go_to(
        context: NativeCallContext,
        rule: RuleBuilder,
        name: &str,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump(&context, rule, "-g", name)
    }

    /// Rewrites the destination, such as `"172.18.0.2:80"` (table nat).
    #[rhai_fn(return_raw)]
    pub fn dnat(
        context: NativeCallContext,
        rule: RuleBuilder,
        destination: &str,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump_with(&context, rule, "DNAT", "--to-destination", &destination.into())
    }

    /// Rewrites the source, such as `"203.0.113.1"` (table nat).
    #[rhai_fn(return_raw)]
    pub fn snat(
        context: NativeCallContext,
        rule: RuleBuilder,
        source: &str,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump_with(&context, rule, "SNAT", "--to-source", &source.into())
    }

    /// Rewrites the source to the address of the interface that the packet leaves by (table nat).
    #[rhai_fn(return_raw)]
    pub fn masquerade(
        context: NativeCallContext,
        rule: RuleBuilder,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump(&context, rule, "-j", "MASQUERADE")
    }

    /// Sends the packet to a port of this host (table nat).
    #[rhai_fn(return_raw)]
    pub fn redirect(
        context: NativeCallContext,
        rule: RuleBuilder,
        port: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump_with(&context, rule, "REDIRECT", "--to-ports", &port)
    }

    /// Gives the packet a mark: a number, or text such as `"0x1/0xff"`.
    #[rhai_fn(return_raw)]
    pub fn set_mark(
        context: NativeCallContext,
        rule: RuleBuilder,
        mark: Dynamic,
    ) -> Result<RuleBuilder, Box<EvalAltResult>> {
        b::jump_with(&context, rule, "MARK", "--set-mark", &mark)
    }
}
