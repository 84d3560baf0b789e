//! The one place where a Rhai engine is made.

use std::rc::Rc;
use std::sync::Arc;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Engine, Module, OptimizationLevel};

use super::api;
use super::docker_view::DockerView;
use super::host_view::HostView;
use super::limits;
use super::session::{SharedSession, tag};
use super::view::RulesetView;

/// Names that a script reads as variables, everywhere.
pub(super) const VARIABLES: [&str; 4] = ["docker", "family", "host", "ruleset"];

/// Where `print` and `debug` write.
pub type Printer = Arc<dyn Fn(&str) + Send + Sync>;

/// An engine whose functions work on `session`.
pub(super) fn engine(session: &SharedSession, print: Option<Printer>) -> Engine {
    let mut engine = Engine::new_raw();
    packages(&mut engine);
    engine.disable_symbol("eval");
    // Rhai's optimizer takes an `import` for something without effect, and gains nothing that can be measured here.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_strict_variables(true);
    limits::set(&mut engine, &session.borrow().watch);
    api::register(&mut engine);
    engine.set_default_tag(tag(session));
    engine.register_global_module(variables(session).into());
    #[expect(deprecated, reason = "Rhai marks the call as one that may change, and has no other for this")]
    engine.on_def_var(|_, definition, _| Ok(!VARIABLES.contains(&definition.name())));
    if let Some(print) = print {
        output(&mut engine, print);
    }
    engine
}

/// Has `print` and `debug` write by `print`; the latter says where it is.
fn output(engine: &mut Engine, print: Printer) {
    let debug = Arc::clone(&print);
    engine.on_print(move |text| print(text));
    engine.on_debug(move |text, source, position| {
        let place = source.map(|source| [source, ":"].concat()).unwrap_or_default();
        debug(&format!("{place}{}: {text}", position.line().unwrap_or(0)));
    });
}

/// Rhai's packages, but for time, blobs and the core, which has `sleep`.
fn packages(engine: &mut Engine) {
    ArithmeticPackage::new().register_into_engine(engine);
    LogicPackage::new().register_into_engine(engine);
    BasicFnPackage::new().register_into_engine(engine);
    BasicIteratorPackage::new().register_into_engine(engine);
    BasicMathPackage::new().register_into_engine(engine);
    BasicStringPackage::new().register_into_engine(engine);
    MoreStringPackage::new().register_into_engine(engine);
    BasicArrayPackage::new().register_into_engine(engine);
    BasicMapPackage::new().register_into_engine(engine);
}

/// The variables of the host, which functions see too.
fn variables(session: &SharedSession) -> Module {
    let mut module = Module::new();
    module.set_var("docker", DockerView(Rc::clone(session)));
    module.set_var("family", session.borrow().ruleset.family().as_str());
    module.set_var("host", HostView(Rc::clone(session)));
    module.set_var("ruleset", RulesetView(Rc::clone(session)));
    module
}

/// An engine that only reads scripts, and takes any variable for known.
pub(super) fn parser() -> Engine {
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(OptimizationLevel::None);
    limits::set_depths(&mut engine);
    engine
}
