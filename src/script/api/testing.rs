//! What tests alone can call.

use rhai::plugin::*;
use rhai::{Array, FnPtr, Map};

use crate::packets::Expected;
use crate::script::testing;

/// Tests.
#[export_module]
pub(crate) mod topic {
    /// Takes the rules of a built-in capture (`dwscript --sample list`), of a dump or of a snapshot beside the test's file, in
    /// each family that there is; FILE.v4 and FILE.v6 are the two dumps of FILE, and a dump alone is of IPv4.
    #[rhai_fn(return_raw)]
    pub fn load(context: NativeCallContext, name: &str) -> Result<(), Box<EvalAltResult>> {
        testing::load(&context, name, None)
    }

    /// The same of one family alone, `"ipv4"` or `"ipv6"`.
    #[rhai_fn(name = "load", return_raw)]
    pub fn load_family(
        context: NativeCallContext,
        name: &str,
        family: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        testing::load(&context, name, Some(family))
    }

    /// Runs a script, or an array of scripts in their order, as a user would run it, on each family that was loaded, and goes on
    /// with the result. A script lies beside the test's file, below it, or in a folder given by `--library`. The codes of what
    /// was warned of come back. An error fails the test, and so does a `must_accept` that is not met.
    #[rhai_fn(return_raw)]
    pub fn run_script(context: NativeCallContext, script: Dynamic) -> Result<Array, Box<EvalAltResult>> {
        testing::run_script(&context, &script, &Map::new())
    }

    /// The same with parameters: `run_script("harden.rhai", #{ ssh_port: 2222 })`.
    #[rhai_fn(name = "run_script", return_raw)]
    pub fn run_script_with(
        context: NativeCallContext,
        script: Dynamic,
        params: Map,
    ) -> Result<Array, Box<EvalAltResult>> {
        testing::run_script(&context, &script, &params)
    }

    /// Fails unless the packet surely arrives, in each family that was loaded and that it can be of.
    #[rhai_fn(return_raw)]
    pub fn assert_accepts(context: NativeCallContext, packet: Dynamic) -> Result<(), Box<EvalAltResult>> {
        testing::assert_packet(&context, Expected::Accept, &packet)
    }

    /// Fails unless the packet surely does not arrive, in each family that was loaded and that it can be of.
    #[rhai_fn(return_raw)]
    pub fn assert_drops(context: NativeCallContext, packet: Dynamic) -> Result<(), Box<EvalAltResult>> {
        testing::assert_packet(&context, Expected::Drop, &packet)
    }

    /// Fails unless these ports, and no others, can be reached from outside in one of the families that were loaded: ports of
    /// the host and published ones, as `"tcp/22"`, `"udp/6000-6010"` or `"tcp/*"`. Every port at which some rule begins or ends
    /// is tried with a new connection from an address that no rule names, by the interface that leads outside.
    #[rhai_fn(return_raw)]
    pub fn assert_exposed(context: NativeCallContext, ports: Array) -> Result<(), Box<EvalAltResult>> {
        testing::assert_exposed(&context, None, &ports)
    }

    /// The same in one family alone, `"ipv4"` or `"ipv6"`.
    #[rhai_fn(name = "assert_exposed", return_raw)]
    pub fn assert_exposed_family(
        context: NativeCallContext,
        family: &str,
        ports: Array,
    ) -> Result<(), Box<EvalAltResult>> {
        testing::assert_exposed(&context, Some(family), &ports)
    }

    /// Fails unless `condition` is true.
    #[rhai_fn(return_raw)]
    pub fn assert(context: NativeCallContext, condition: bool, why: &str) -> Result<(), Box<EvalAltResult>> {
        testing::assert(&context, condition, why)
    }

    /// Fails unless both are the same.
    #[rhai_fn(return_raw)]
    pub fn assert_eq(
        context: NativeCallContext,
        given: Dynamic,
        expected: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        testing::assert_eq(&context, &given, &expected)
    }

    /// Fails unless the closure ends in an error of this code: `assert_fails(|| run_script("site.rhai"), "must-accept")`.
    #[rhai_fn(return_raw)]
    pub fn assert_fails(
        context: NativeCallContext,
        closure: FnPtr,
        code: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        testing::assert_fails(&context, &closure, code)
    }

    /// Does to the rules what a start of dockerd does to them.
    #[rhai_fn(return_raw)]
    pub fn restart_docker(context: NativeCallContext) -> Result<(), Box<EvalAltResult>> {
        testing::restart_docker(&context)
    }
}
