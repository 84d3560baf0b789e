//! Parameters, messages, and what surrounds the ruleset.

use rhai::plugin::*;
use rhai::{Array, Engine};

use crate::script::fault::Fault;
use crate::script::host_view::HostView;
use crate::script::owners;
use crate::script::read;
use crate::script::sets;
use crate::script::world;

/// Registers the refusal to assign.
pub(super) fn register(engine: &mut Engine) {
    read::refuse_assignments::<HostView>(engine, &["ipset"]);
}

/// Parameters and the world.
#[export_module]
pub(crate) mod topic {
    /// The parameter `name`, or `fallback` where it was not given. What was given as text becomes what `fallback` is: a
    /// number, true or false, text, or an array (from `a,b,c`, or from the lines of a file given as `@FILE`).
    #[rhai_fn(return_raw)]
    pub fn param(
        context: NativeCallContext,
        name: &str,
        fallback: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        world::param(&context, name, fallback)
    }

    /// The parameter `name`; that it was not given is an error.
    #[rhai_fn(return_raw)]
    pub fn required(context: NativeCallContext, name: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        world::required(&context, name)
    }

    /// Puts a `#` line in front of the next rule that is added. It is in the printed text alone: the kernel keeps no such
    /// lines.
    #[rhai_fn(return_raw)]
    pub fn note(context: NativeCallContext, text: &str) -> Result<(), Box<EvalAltResult>> {
        world::note(&context, text)
    }

    /// Warns the user; the run goes on.
    pub fn warn(context: NativeCallContext, text: &str) {
        world::warn(&context, text);
    }

    /// Ends the run with an error.
    #[rhai_fn(return_raw)]
    pub fn fail(context: NativeCallContext, text: &str) -> Result<(), Box<EvalAltResult>> {
        Err(world::fail(&context, text))
    }

    /// Ends this script, with what it has done so far.
    #[rhai_fn(return_raw)]
    pub fn exit() -> Result<(), Box<EvalAltResult>> {
        Err(EvalAltResult::Exit(Dynamic::UNIT, Position::NONE).into())
    }

    /// The code of an error of the host's that was caught, such as `missing-chain`.
    #[rhai_fn(get = "code", pure)]
    pub fn code(error: &mut Fault) -> ImmutableString {
        error.code.into()
    }

    /// The sentence of an error of the host's that was caught.
    #[rhai_fn(get = "message", pure)]
    pub fn message(error: &mut Fault) -> ImmutableString {
        error.message.as_str().into()
    }

    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub fn error_to_string(error: &mut Fault) -> ImmutableString {
        error.message.as_str().into()
    }

    /// Says whose the rules are that this script adds; without it they belong to the stem of the script's file name. It stands
    /// once, at the top of the script, and `name` is written out: 1 to 32 letters, digits, `.`, `_` and `-`.
    #[rhai_fn(return_raw)]
    pub fn owner(context: NativeCallContext, name: &str) -> Result<(), Box<EvalAltResult>> {
        owners::say(&context, name)
    }

    /// Lets this script change Docker's own rules, which is an error otherwise.
    pub fn allow_docker_edit(context: NativeCallContext) {
        world::allow_docker_edit(&context);
    }

    /// Says that findings with this code, such as `output-blocked`, are right here, and `why`: this run does not tell them.
    /// `--deny` and `--warn` with that code count for more. What the kernel would refuse stays an error, and so does
    /// a lockout under `--apply`.
    #[rhai_fn(return_raw)]
    pub fn allow(context: NativeCallContext, code: &str, why: &str) -> Result<(), Box<EvalAltResult>> {
        world::allow(&context, code, why)
    }

    /// Declares an ipset that rules may name, by `.set(name, "src")`. It holds the `entries` of the family at hand: addresses
    /// with or without a prefix; those of the other family are left out. `--apply` makes it before the rules, and takes it off
    /// when no script declares it any more. A set is of one family: a script for both names it such as `"bad-" + family`.
    #[rhai_fn(return_raw)]
    pub fn ipset(context: NativeCallContext, name: &str, entries: Array) -> Result<(), Box<EvalAltResult>> {
        sets::ipset(&context, name, &entries)
    }

    /// Whether the host has ipsets: the program `ipset`, and a kernel that knows them. False where the ruleset is not the live
    /// one.
    #[rhai_fn(get = "ipset", pure)]
    pub fn has_ipset(host: &mut HostView) -> bool {
        host.ipset()
    }
}
