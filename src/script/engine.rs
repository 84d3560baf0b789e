//! The one place where a Rhai engine is made.

use std::rc::Rc;
use std::sync::Arc;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, BitFieldPackage, LanguageCorePackage, LogicPackage,
    MoreStringPackage, Package,
};
use rhai::{Dynamic, Engine, Module, OptimizationLevel};

use super::api;
use super::docker_view::DockerView;
use super::limits::{self, Limits};
use super::names::VARIABLES;
use super::session::{SharedSession, tag};
use super::view::RulesetView;

/// Where `print` and `debug` write.
pub type Printer = Arc<dyn Fn(&str) + Send + Sync>;

/// An engine whose functions work on `session`; without one it is only asked for its functions.
pub(super) fn engine(session: Option<&SharedSession>, limits: Limits, print: Option<Printer>) -> Engine {
    let mut engine = Engine::new_raw();
    packages(&mut engine);
    engine.disable_symbol("eval");
    engine.set_optimization_level(OptimizationLevel::Simple);
    engine.set_strict_variables(false);
    limits::set(&mut engine, limits);
    api::register(&mut engine);
    if let Some(session) = session {
        engine.set_default_tag(tag(session));
        variables(&mut engine, session);
    }
    let print = print.unwrap_or_else(|| Arc::new(|_| {}));
    let debug = Arc::clone(&print);
    engine.on_print(move |text| print(text));
    engine.on_debug(move |text, source, position| {
        debug(&format!(
            "{}{}: {text}",
            source.map(|source| [source, ":"].concat()).unwrap_or_default(),
            position.line().unwrap_or(0)
        ));
    });
    engine
}

/// Rhai's packages without time, sleep, blobs and `eval`.
fn packages(engine: &mut Engine) {
    LanguageCorePackage::new().register_into_engine(engine);
    ArithmeticPackage::new().register_into_engine(engine);
    BitFieldPackage::new().register_into_engine(engine);
    LogicPackage::new().register_into_engine(engine);
    BasicFnPackage::new().register_into_engine(engine);
    BasicIteratorPackage::new().register_into_engine(engine);
    BasicMathPackage::new().register_into_engine(engine);
    BasicStringPackage::new().register_into_engine(engine);
    MoreStringPackage::new().register_into_engine(engine);
    BasicArrayPackage::new().register_into_engine(engine);
    BasicMapPackage::new().register_into_engine(engine);
}

/// The variables of the host, in functions too; a parameter or variable of the script's goes before them.
fn variables(engine: &mut Engine, session: &SharedSession) {
    let session = Rc::clone(session);
    #[expect(deprecated, reason = "Rhai marks the call as one that may change, and has no other for this")]
    engine.on_var(move |name, _, context| {
        if !VARIABLES.contains(&name) || context.scope().contains(name) {
            return Ok(None);
        }
        Ok(match name {
            "docker" => Some(Dynamic::from(DockerView(Rc::clone(&session)))),
            "ruleset" => Some(Dynamic::from(RulesetView(Rc::clone(&session)))),
            "family" => Some(session.borrow().ruleset.family().as_str().into()),
            _ => None,
        })
    });
    #[expect(deprecated, reason = "Rhai marks the call as one that may change, and has no other for this")]
    engine.on_def_var(|_, definition, _| Ok(!VARIABLES.contains(&definition.name())));
}

/// An engine that has the functions of `module` alone, to be asked for them.
pub(super) fn listing(module: Module) -> Engine {
    let mut engine = Engine::new_raw();
    engine.register_global_module(module.into());
    engine
}
