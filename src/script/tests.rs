//! Tests of scripts: which a file has, and running one of them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use rhai::{CallFnOptions, Dynamic, EvalAltResult, Position, Scope};

use super::bench::{Bench, Trial};
use super::compile::{compile, declared};
use super::engine;
use super::error;
use super::limits::{self, Limits, Watch};
use super::resolver::{Handle, Modules};
use super::session::{Session, SharedSession};
use super::watchdog;
use super::{Failure, Script, Settings};
use crate::diagnostic::Diagnostic;
use crate::model::{Family, Ruleset};
use crate::source::SourceFile;

/// How tests' names begin.
const PREFIX: &str = "test_";

/// A test of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// The name of its function.
    pub name: String,
    /// Its line, from 1.
    pub line: u32,
}

/// Why a test failed.
pub type TestFault = Box<Diagnostic>;

/// The tests of a file, in their order.
///
/// # Errors
/// A test with parameters, or what cannot be read.
pub fn tests(source: &Arc<SourceFile>) -> Result<Vec<Test>, TestFault> {
    let text = source.text();
    let functions = declared(text).functions;
    let mut tests = Vec::new();
    for function in functions.into_iter().filter(|function| function.name.starts_with(PREFIX)) {
        let at = place(text, &function.name);
        let span = crate::source::Span::new(at, at + u32::try_from(function.name.len()).unwrap_or(0));
        if function.arity > 0 {
            let message = format!("`{}` is a test and takes no parameters", function.form);
            let diagnostic = Diagnostic::error("bad-test", message).at(source, span, "");
            return Err(Box::new(diagnostic.help("take them away, or name it otherwise than `test_…`")));
        }
        tests.push(Test { name: function.name, line: source.line(at) });
    }
    tests.sort_by(|one, other| (one.line, &one.name).cmp(&(other.line, &other.name)));
    Ok(tests)
}

/// Where the name of a function stands in the text that declares it.
fn place(text: &str, name: &str) -> u32 {
    let heads = text.match_indices("fn ").map(|(at, head)| at + head.len());
    let mut names = heads.filter(|at| {
        let rest = text.get(*at..).unwrap_or_default().trim_start();
        rest.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('('))
    });
    names.next().and_then(|at| u32::try_from(at).ok()).unwrap_or(0)
}

/// Runs one test of a file.
///
/// # Errors
/// Why it failed.
pub fn test(
    script: &Script,
    name: &str,
    settings: &Settings,
    bench: Arc<dyn Bench>,
) -> Result<(), TestFault> {
    let limits = settings.limits.for_rules(0);
    let (script, name, settings) = (script.clone(), name.to_owned(), settings.clone());
    let busy = Arc::new(AtomicBool::new(false));
    let (sender, answer) = mpsc::channel();
    let flag = Arc::clone(&busy);
    let work = move || {
        drop(sender.send(
            run(&script, &name, &settings, &limits, (bench, flag)).map_err(|fault| Failure::of(*fault)),
        ));
    };
    let thread = std::thread::Builder::new().stack_size(limits.stack());
    let thread = thread.spawn(work);
    thread.map_err(|error| Box::new(super::no_thread(&limits, &error)))?;
    let done = watchdog::wait(&answer, &limits, || busy.load(Ordering::Relaxed)).and_then(|done| done);
    done.map_err(|Failure { mut diagnostics }| {
        Box::new(diagnostics.pop().unwrap_or_else(|| Diagnostic::error("failed", "the test came to no end")))
    })
}

fn run(
    script: &Script,
    name: &str,
    settings: &Settings,
    limits: &Limits,
    (bench, busy): (Arc<dyn Bench>, Arc<AtomicBool>),
) -> Result<(), TestFault> {
    let nothing = Ruleset::new(Family::Ipv4, Arc::default());
    let trial = Trial { bench, loaded: RefCell::default(), busy, held: Cell::new(0) };
    let trial = Rc::new(trial);
    let mut first = Session::new(nothing, settings.params.clone(), Watch::new(limits));
    first.trial = Some(Rc::clone(&trial));
    let session: SharedSession = Rc::new(RefCell::new(first));
    let seat = Rc::new(RefCell::new(Rc::clone(&session)));
    let mut engine = engine::for_tests(&seat, settings.print.clone());
    let modules = Rc::new(Modules::new(Rc::clone(&session), &settings.libraries));
    engine.set_module_resolver(Handle(Rc::clone(&modules)));
    super::enter(&session, &modules, script);
    let watch = Rc::clone(&session.borrow().watch);
    let call = || -> Result<(), Box<EvalAltResult>> {
        let mut ast = watch.excuse(|| compile(&engine, script.source.text()))?;
        ast.set_source(script.source.name());
        let options = CallFnOptions::new().eval_ast(true);
        let _: Dynamic = engine.call_fn_with_options(options, &mut Scope::new(), &ast, name, ())?;
        watch.met().map_or(Ok(()), |limit| Err(limits::terminated(limit, Position::NONE)))
    };
    call().map_err(|error| Box::new(error::diagnose(&engine, &modules, &session.borrow(), &error)))?;
    if trial.held.get() == 0 {
        return Err(Box::new(asserts_nothing(script, name)));
    }
    Ok(())
}

/// That a test cannot fail.
fn asserts_nothing(script: &Script, name: &str) -> Diagnostic {
    let at = place(script.source.text(), name);
    let span = crate::source::Span::new(at, at + u32::try_from(name.len()).unwrap_or(0));
    Diagnostic::error("asserts-nothing", format!("`{name}` asserts nothing"))
        .at(&script.source, span, "")
        .help("say what is to hold: `assert_accepts`, `assert_drops`, `assert_exposed`, `assert_eq`, `assert_fails`")
}
