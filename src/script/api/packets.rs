//! What becomes of packets, and what is to become of them.

use rhai::plugin::*;
use rhai::{Array, Engine};

use crate::packets::Expected;
use crate::script::packets::{self, TraceView};
use crate::script::read;

/// Registers the refusal to assign.
pub(super) fn register(engine: &mut Engine) {
    read::refuse_assignments::<TraceView>(engine, &["verdict", "path", "rewritten", "depends_on"]);
}

/// Packets.
#[export_module]
pub(crate) mod topic {
    /// Follows a packet through the ruleset as the scripts have made it so far, one of the family at hand.
    #[rhai_fn(return_raw)]
    pub fn trace(context: NativeCallContext, packet: Dynamic) -> Result<TraceView, Box<EvalAltResult>> {
        packets::trace(&context, &packet)
    }

    /// What becomes of it: `accept`, `drop`, `reject`, `lost` where no rule drops it and it does not arrive all the same, or
    /// `depends`.
    #[rhai_fn(get = "verdict", pure)]
    pub fn verdict(trace: &mut TraceView) -> ImmutableString {
        trace.verdict.clone()
    }

    /// Its way, as an array of maps with `table`, `chain`, `number` (0 for the end of a chain), `rule` as iptables-save prints
    /// it, and `effect`.
    #[rhai_fn(get = "path", pure)]
    pub fn path(trace: &mut TraceView) -> Array {
        trace.path.clone()
    }

    /// Where rules rewrote it, a map with `source`, `sport`, `destination` and `dport` as they are in the end; else `()`.
    #[rhai_fn(get = "rewritten", pure)]
    pub fn rewritten(trace: &mut TraceView) -> Dynamic {
        trace.rewritten.clone()
    }

    /// The matches that decide by what the packet does not say, such as `limit`; empty where the verdict is certain.
    #[rhai_fn(get = "depends_on", pure)]
    pub fn depends_on(trace: &mut TraceView) -> Array {
        trace.depends_on.clone()
    }

    /// Asks of the final result of all scripts that this packet arrives, and `why`; that it does not is an error. Without
    /// addresses it is asked in both families.
    #[rhai_fn(return_raw)]
    pub fn must_accept(
        context: NativeCallContext,
        packet: Dynamic,
        why: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        packets::expect(&context, Expected::Accept, &packet, why)
    }

    /// Asks of the final result of all scripts that this packet does not arrive, and `why`; that it does is an error.
    #[rhai_fn(return_raw)]
    pub fn must_drop(
        context: NativeCallContext,
        packet: Dynamic,
        why: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        packets::expect(&context, Expected::Drop, &packet, why)
    }

    /// Declares a packet by which an administrator reaches the host: the lint `lockout` asks of the final result that its
    /// connection can be made and goes on, and `--apply` refuses where it does not.
    #[rhai_fn(return_raw)]
    pub fn admin(context: NativeCallContext, packet: Dynamic) -> Result<(), Box<EvalAltResult>> {
        packets::admin(&context, &packet)
    }
}
