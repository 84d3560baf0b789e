//! Scripts: run in order on one draft of a ruleset.

#![allow(
    clippy::unnecessary_box_returns,
    clippy::needless_pass_by_value,
    reason = "Rhai takes its errors boxed, and hands values over"
)]

mod api;
mod building;
mod docker_view;
mod edit;
mod engine;
mod error;
mod limits;
mod names;
mod params;
mod pattern;
mod read;
mod reference;
mod resolver;
mod rule;
mod select;
mod session;
mod spelling;
mod view;
mod watchdog;
mod world;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, mpsc};

use rhai::{AST, Engine, EvalAltResult};

pub use engine::Printer;
pub use limits::Limits;
pub use params::{Given, ParamValue, Params};
pub use reference::reference;
pub use session::IpSet;

use crate::diagnostic::Diagnostic;
use crate::model::Ruleset;
use crate::source::SourceFile;
use resolver::Modules;
use session::{Session, SharedSession};

/// The stack of the thread that scripts run on, in bytes: enough for the deepest calls that are let through.
const STACK: usize = 64 << 20;

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
    /// Limits.
    pub limits: Limits,
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
}

/// Why nothing came out of a run.
#[derive(Debug)]
pub struct Failure {
    /// Warnings up to the error, and the error last.
    pub diagnostics: Vec<Diagnostic>,
}

/// Runs `scripts` in order on `ruleset`.
///
/// # Errors
/// The first error of a script, or a parameter that none of them asked for.
pub fn run(scripts: &[Script], ruleset: Ruleset, settings: &Settings) -> Result<Outcome, Failure> {
    let limits = settings.limits;
    let (scripts, settings) = (scripts.to_vec(), settings.clone());
    let (sender, answer) = mpsc::channel();
    // The receiver is gone where the run was left behind, and then nobody wants the answer.
    let work = move || drop(sender.send(run_here(&scripts, ruleset, &settings)));
    std::thread::Builder::new().stack_size(STACK).spawn(work).map_err(|_| Failure {
        diagnostics: vec![
            Diagnostic::error("no-thread", "the system gives no thread for the scripts")
                .help("end other programs, or raise `ulimit -u`"),
        ],
    })?;
    watchdog::wait(&answer, limits)?
}

fn run_here(scripts: &[Script], ruleset: Ruleset, settings: &Settings) -> Result<Outcome, Failure> {
    let session: SharedSession = Rc::new(RefCell::new(Session::new(ruleset, settings.params.clone())));
    session.borrow_mut().interfaces.clone_from(&settings.interfaces);
    let mut engine = engine::engine(Some(&session), settings.limits, settings.print.clone());
    let modules = Rc::new(Modules::new(Rc::clone(&session), &settings.libraries));
    engine.set_module_resolver(resolver::Handle(Rc::clone(&modules)));
    for script in scripts {
        if let Err(error) = run_script(&engine, &session, &modules, script) {
            let diagnostic = error::diagnose(&engine, &session.borrow(), &error);
            let mut diagnostics = std::mem::take(&mut session.borrow_mut().warnings);
            diagnostics.push(diagnostic);
            return Err(Failure { diagnostics });
        }
    }
    // The process ends soon: taking the engine's many functions apart would cost more than a small run does.
    std::mem::forget(engine);
    finish(&mut session.borrow_mut())
}

fn run_script(
    engine: &Engine,
    session: &SharedSession,
    modules: &Modules,
    script: &Script,
) -> Result<(), Box<EvalAltResult>> {
    let name = script.source.name().to_owned();
    {
        let mut session = session.borrow_mut();
        session.sources.insert(name.clone(), Arc::clone(&script.source));
        session.current.clone_from(&name);
        session.docker_edits = false;
        session.notes.clear();
    }
    modules.enter(&name, &script.path);
    let mut ast: AST = engine.compile(script.source.text())?;
    ast.set_source(name);
    engine.run_ast(&ast)
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
    Ok(Outcome { ruleset: done.ruleset, diagnostics: done.warnings, sets: done.sets })
}
