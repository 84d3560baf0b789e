//! The host as scripts see it.

use rhai::plugin::*;
use rhai::{Array, Engine};

use crate::script::fault::raise;
use crate::script::host_view::HostView;
use crate::script::read;
use crate::script::surroundings::unknown;

/// Registers the refusal to assign.
pub(super) fn register(engine: &mut Engine) {
    read::refuse_assignments::<HostView>(engine, &["addresses", "interfaces"]);
}

/// The host.
#[export_module]
pub(crate) mod topic {
    /// The addresses of the host of the family at hand, as an array of texts without prefix lengths. An error where the ruleset
    /// is a dump, which does not tell them.
    #[rhai_fn(get = "addresses", pure, return_raw)]
    pub fn addresses(context: NativeCallContext, host: &mut HostView) -> Result<Array, Box<EvalAltResult>> {
        let known = host.addresses().map_err(|why| raise(&context, unknown("the host's addresses", &why)))?;
        Ok(known.into_iter().map(Dynamic::from).collect())
    }

    /// The names of the host's interfaces. An error where the ruleset is a dump, which does not tell them.
    #[rhai_fn(get = "interfaces", pure, return_raw)]
    pub fn interfaces(context: NativeCallContext, host: &mut HostView) -> Result<Array, Box<EvalAltResult>> {
        let known =
            host.interfaces().map_err(|why| raise(&context, unknown("the host's interfaces", &why)))?;
        Ok(known.into_iter().map(Dynamic::from).collect())
    }
}
