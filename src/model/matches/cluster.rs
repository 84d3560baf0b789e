//! `-m cluster`: this node's share of a cluster's packets.

use crate::model::extension::{Extension, Instance, OptionSpec, Printing, Rule};
use crate::model::value::{Number, Sink, SpecErrorKind, Value, number};

const LOCAL: &[&str] = &["cluster-local-node", "cluster-local-nodemask"];

pub(super) static CLUSTER: Extension = Extension {
    options: &[
        OptionSpec::negatable("cluster-local-node", NODES),
        OptionSpec::negatable("cluster-local-nodemask", NODES),
        OptionSpec::new("cluster-total-nodes", NODES),
        OptionSpec::new("cluster-hash-seed", Value::Number(Number::U32.padded(8))),
    ],
    rules: &[
        Rule::AnyOf(LOCAL),
        Rule::OneOf(LOCAL),
        Rule::AnyOf(&["cluster-total-nodes"]),
        Rule::AnyOf(&["cluster-hash-seed"]),
    ],
    check: Some(check),
    printing: Printing::Options(print),
    ..Extension::matching("cluster")
};

/// A cluster has at most 32 nodes, and iptables bounds the mask by the same number.
const NODES: Value = Value::number(1, NODE_LIMIT);
const NODE_LIMIT: u64 = 32;

fn check(instance: &Instance<'_>) -> Result<(), SpecErrorKind> {
    let total =
        instance.get("cluster-total-nodes").and_then(|given| Some(number::leading(given.argument.text())?.0));
    match (mask(instance), total) {
        (Some((_, mask)), Some(total)) if mask >= 1 << total => {
            Err(instance.refused("the local node is beyond `--cluster-total-nodes`; lower it"))
        }
        _ => Ok(()),
    }
}

/// Whether the local nodes are negated, and their mask.
fn mask(instance: &Instance<'_>) -> Option<(bool, u64)> {
    let given = LOCAL.iter().find_map(|long| instance.get(long))?;
    let value = number::leading(given.argument.text())?.0;
    let mask = if given.option.long == "cluster-local-node" { 1 << value.saturating_sub(1) } else { value };
    Some((given.negated, mask))
}

fn print(instance: &Instance<'_>, out: &mut Sink<'_>) {
    if let Some((negated, mask)) = mask(instance) {
        out.push_str(if negated { " !" } else { "" });
        // iptables-save prints the mask of a later node too, which iptables takes for a number beyond 32 and refuses.
        if mask <= NODE_LIMIT {
            out.push_fmt(format_args!(" --cluster-local-nodemask {mask:#010x}"));
        } else {
            out.push_fmt(format_args!(" --cluster-local-node {}", mask.trailing_zeros() + 1));
        }
    }
    instance.push_listed_from("cluster-total-nodes", out);
}
