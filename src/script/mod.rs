//! Scripts: run in order on one draft of a ruleset.

#![allow(
    clippy::unnecessary_box_returns,
    clippy::needless_pass_by_value,
    reason = "Rhai takes its errors boxed, and hands values over"
)]

mod api;
mod bench;
mod board;
mod bounded;
mod building;
mod compile;
mod docker_help;
mod docker_port;
mod docker_view;
mod edit;
mod engine;
mod error;
mod fault;
mod host_view;
mod limits;
mod names;
mod network_arg;
mod others;
mod owners;
mod ownership;
mod packets;
mod params;
mod pattern;
mod placing;
mod read;
mod reference;
mod remembered;
mod resolver;
mod rule;
mod select;
mod session;
mod sets;
mod spelling;
mod surroundings;
mod testing;
mod tests;
mod view;
mod watchdog;
mod world;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, mpsc};

use rhai::{AST, Engine, EvalAltResult, Position};

pub use bench::{Bench, Loaded, Ran};
pub use engine::Printer;
pub use limits::Limits;
pub use owners::Tagging;
pub use params::{Given, ParamValue, Params};
pub use reference::reference;
pub use session::{Allowed, IpSet};
pub use surroundings::{Ask, Unknown, World};
pub use tests::{Test, TestFault, test, tests};

use crate::diagnostic::Diagnostic;
use crate::model::{EditError, Hook, Policy, Ruleset};
use crate::packets::{Admin, Expectation, Site};
use crate::source::SourceFile;
use limits::Watch;
use ownership::{Run, Wanted};
use resolver::Modules;
use session::{Session, SharedSession};

/// A script.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its text.
    pub source: Arc<SourceFile>,
    /// Its file; modules are looked for beside it.
    pub path: PathBuf,
}

/// What a run is given beside its scripts.
#[derive(Clone, Default)]
pub struct Settings {
    /// Folders that modules are looked for in, behind the script's own.
    pub libraries: Vec<PathBuf>,
    /// Parameters.
    pub params: Params,
    /// The names of the host's interfaces, where the ruleset is the live one.
    pub interfaces: Vec<String>,
    /// What else may be asked of the host; nothing where the ruleset is a dump.
    pub world: Option<Arc<World>>,
    /// Tells whether the host has ipsets, where the ruleset is the live one; asked only by scripts that want to know.
    pub ipset: Option<fn() -> bool>,
    /// The host that packets are followed on.
    pub site: Arc<Site>,
    /// Limits.
    pub limits: Limits,
    /// How the rules of the run are told from others.
    pub tagging: Tagging,
    /// Whether the process ends soon: what the engine holds is then left to the system, as taking its many functions apart
    /// costs more than a small run does.
    pub leaves_engine: bool,
    /// Where `print` and `debug` write; nowhere without it.
    pub print: Option<Printer>,
}

/// What came out of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The draft, not checked yet.
    pub ruleset: Ruleset,
    /// What the scripts warned of.
    pub diagnostics: Vec<Diagnostic>,
    /// The ipsets that the scripts declared.
    pub sets: Vec<IpSet>,
    /// The owners of the run.
    pub owners: Vec<String>,
    /// The findings that the scripts allow, each with its reason.
    pub allowed: Vec<Allowed>,
    /// What the scripts expect of packets.
    pub expectations: Vec<Expectation>,
    /// The packets by which administrators reach the host.
    pub admins: Vec<Admin>,
}

/// Why nothing came out of a run.
#[derive(Debug)]
pub struct Failure {
    /// Warnings up to the error, and the error last.
    pub diagnostics: Vec<Diagnostic>,
}

impl Failure {
    fn of(diagnostic: Diagnostic) -> Self {
        Self { diagnostics: vec![diagnostic] }
    }
}

/// Runs `scripts` in order on `ruleset`.
///
/// # Errors
/// The first error of a script, or a parameter that none of them asked for.
pub fn run(scripts: &[Script], ruleset: Ruleset, settings: &Settings) -> Result<Outcome, Failure> {
    let limits = settings.limits.for_rules(ruleset.rule_count());
    let (scripts, settings) = (scripts.to_vec(), settings.clone());
    let world = settings.world.clone();
    let (sender, answer) = mpsc::channel();
    // The receiver is gone where the run was left behind, and then nobody wants the answer.
    let work = move || drop(sender.send(run_here(&scripts, ruleset, &settings, &limits)));
    let thread = std::thread::Builder::new().stack_size(limits.stack());
    thread.spawn(work).map_err(|error| Failure::of(no_thread(&limits, &error)))?;
    watchdog::wait(&answer, &limits, || world.as_ref().is_some_and(|world| world.is_busy()))?
}

/// Takes the rules of an owner off, and sets policies of built-in chains of the filter table.
///
/// # Errors
/// That a chain has no such policy, or that the dump lacks a table.
pub fn remove(ruleset: Ruleset, owner: &str, policies: &[(Hook, Policy)]) -> Result<Outcome, EditError> {
    ownership::remove(ruleset, owner, policies)
}

fn no_thread(limits: &Limits, error: &std::io::Error) -> Diagnostic {
    let message = format!("there is no thread with a stack of {} MiB: {error}", limits.stack() >> 20);
    Diagnostic::error("no-thread", message).help("raise the limit of virtual memory, `ulimit -v`")
}

fn run_here(
    scripts: &[Script],
    ruleset: Ruleset,
    settings: &Settings,
    limits: &Limits,
) -> Result<Outcome, Failure> {
    let Tagging::Tags { owner, adopt: true } = &settings.tagging else {
        return run_once(scripts, ruleset, settings, limits, None);
    };
    // What is to be adopted is known once the scripts have run; then they run as if it had been theirs all along.
    let tagging = Tagging::Tags { owner: owner.clone(), adopt: false };
    let quiet = Settings { print: None, tagging, ..settings.clone() };
    let asked = run_once(scripts, ruleset.clone(), &quiet, limits, None)?;
    run_once(scripts, ruleset, settings, limits, Some(&ownership::wanted(&asked.ruleset)))
}

fn run_once(
    scripts: &[Script],
    ruleset: Ruleset,
    settings: &Settings,
    limits: &Limits,
    wanted: Option<&Wanted>,
) -> Result<Outcome, Failure> {
    let session = Session::new(ruleset, settings.params.clone(), Watch::new(limits));
    let session: SharedSession = Rc::new(RefCell::new(session));
    session.borrow_mut().interfaces.clone_from(&settings.interfaces);
    session.borrow_mut().world.clone_from(&settings.world);
    session.borrow_mut().site = Arc::clone(&settings.site);
    session.borrow_mut().asks_ipset = settings.ipset;
    let seat = Rc::new(RefCell::new(Rc::clone(&session)));
    let mut engine = engine::engine(&seat, settings.print.clone());
    let modules = Rc::new(Modules::new(Rc::clone(&session), &settings.libraries));
    engine.set_module_resolver(resolver::Handle(Rc::clone(&modules)));
    let failed = |error: &EvalAltResult| {
        let diagnostic = error::diagnose(&engine, &modules, &session.borrow(), error);
        let mut diagnostics = std::mem::take(&mut session.borrow_mut().warnings);
        diagnostics.push(diagnostic);
        Failure { diagnostics }
    };
    let mut compiled = Vec::with_capacity(scripts.len());
    for script in scripts {
        let ast = compile_script(&engine, &session, &modules, script).map_err(|error| failed(&error))?;
        compiled.push((script, ast));
    }
    let run = Run::begin(&session, &compiled, &settings.tagging, wanted)?;
    for (index, (script, ast)) in compiled.iter().enumerate() {
        run.enter(&session, index);
        run_script(&engine, &session, &modules, script, ast).map_err(|error| failed(&error))?;
    }
    run.place(&mut session.borrow_mut());
    drop(compiled);
    if settings.leaves_engine {
        std::mem::forget(engine);
    }
    finish(&mut session.borrow_mut())
}

/// Reads a script without running it.
fn compile_script(
    engine: &Engine,
    session: &SharedSession,
    modules: &Modules,
    script: &Script,
) -> Result<AST, Box<EvalAltResult>> {
    enter(session, modules, script);
    let watch = Rc::clone(&session.borrow().watch);
    let mut ast = watch.excuse(|| compile::compile(engine, script.source.text()))?;
    ast.set_source(script.source.name());
    Ok(ast)
}

fn enter(session: &SharedSession, modules: &Modules, script: &Script) {
    let name = script.source.name().to_owned();
    {
        let mut session = session.borrow_mut();
        session.sources.insert(name.clone(), Arc::clone(&script.source));
        session.current.clone_from(&name);
        session.docker_edits = false;
        session.notes.clear();
    }
    modules.enter(&name, &script.path);
}

fn run_script(
    engine: &Engine,
    session: &SharedSession,
    modules: &Modules,
    script: &Script,
    ast: &AST,
) -> Result<(), Box<EvalAltResult>> {
    enter(session, modules, script);
    let watch = Rc::clone(&session.borrow().watch);
    let done = compile::evaluate(engine, script.source.text(), ast).map(drop);
    match watch.met() {
        Some(limit) if done.is_ok() => Err(limits::terminated(limit, Position::NONE)),
        _ => done,
    }
}

fn finish(session: &mut Session) -> Result<Outcome, Failure> {
    let (unasked, asked) = session.params.unasked();
    let mut diagnostics: Vec<Diagnostic> =
        unasked.iter().map(|(name, given)| error::unasked(name, &given.from, &asked)).collect();
    if !diagnostics.is_empty() {
        diagnostics.splice(0..0, std::mem::take(&mut session.warnings));
        return Err(Failure { diagnostics });
    }
    let done = std::mem::replace(session, Session::empty());
    let owners = done.owners.iter().map(|owner| done.ruleset.symbols().name(*owner).to_owned()).collect();
    let Session { ruleset, warnings, sets, allowed, expectations, admins, .. } = done;
    Ok(Outcome { ruleset, diagnostics: warnings, sets, owners, allowed, expectations, admins })
}
