//! `dwscript test`: the tests of scripts, each on its own copy of the rules, as many at a time as there are processors.

mod bench;
mod find;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::args::{TestArgs, TestFormat};
use super::color::Colors;
use super::output::{self, Destination};
use super::run::load;
use super::status::{Status, Stop};
use crate::diagnostic::Diagnostic;
use crate::report::tests::{Results, Tested, github, json, junit, text};
use crate::script::{self, Limits, Printer, Script, Settings};
use bench::Files;

pub(super) fn run(args: &TestArgs) -> Status {
    let colors = Colors::new(args.color.color);
    let done = find::files(&args.paths).map_err(Stop::from).and_then(|files| {
        let plan = Plan::new(&files, args.filter.as_deref());
        if plan.cases.is_empty() {
            Err(Stop::no(vec![no_tests(&plan, args)]))
        } else {
            all(args, colors, plan)
        }
    });
    match done {
        Ok(status) => status,
        Err(stop) => {
            output::say(&stop.diagnostics, colors.stderr);
            stop.status
        }
    }
}

fn no_tests(plan: &Plan, args: &TestArgs) -> Diagnostic {
    match &args.filter {
        Some(filter) if plan.left_out > 0 => Diagnostic::error(
            "no-tests",
            format!("none of {} tests has `{filter}` in its name", plan.left_out),
        )
        .help("names are `FILE::FUNCTION`, as a run without --filter prints them"),
        _ => Diagnostic::error("no-tests", "there are no tests")
            .note("tests are functions `test_…` in files `*_test.rhai`")
            .help("`dwscript new NAME` writes a script and its test"),
    }
}

/// A test that is to run, or a file that cannot be read.
struct Case {
    script: Option<Arc<Script>>,
    tested: Tested,
}

/// The tests that are to run.
struct Plan {
    cases: Vec<Case>,
    left_out: usize,
}

impl Plan {
    fn new(files: &[PathBuf], filter: Option<&str>) -> Self {
        let cases: Vec<Case> = files.iter().flat_map(|file| cases(file)).collect();
        let all = cases.len();
        let wanted = |case: &Case| filter.is_none_or(|filter| case.tested.full_name().contains(filter));
        let cases: Vec<Case> = cases.into_iter().filter(wanted).collect();
        Self { left_out: all - cases.len(), cases }
    }
}

/// The tests of a file.
fn cases(file: &Path) -> Vec<Case> {
    let tested = |name: String, line: u32, failure: Option<Diagnostic>| Tested {
        file: file.display().to_string(),
        name,
        line,
        time: Duration::ZERO,
        failure,
        printed: Vec::new(),
    };
    let broken =
        |failure: Diagnostic| vec![Case { script: None, tested: tested(String::new(), 1, Some(failure)) }];
    let script = match load(file) {
        Ok(script) => Arc::new(script),
        Err(mut stop) => {
            let error = stop.diagnostics.pop();
            return broken(
                error.unwrap_or_else(|| Diagnostic::error("unreadable-input", "it cannot be read")),
            );
        }
    };
    match script::tests(&script.source) {
        Ok(tests) => tests
            .into_iter()
            .map(|test| Case {
                script: Some(Arc::clone(&script)),
                tested: tested(test.name, test.line, None),
            })
            .collect(),
        Err(failure) => broken(*failure),
    }
}

fn all(args: &TestArgs, colors: Colors, plan: Plan) -> Result<Status, Stop> {
    let begun = Instant::now();
    let is_text = args.format == TestFormat::Text;
    let write = |print: &dyn Fn(&mut dyn std::io::Write) -> std::io::Result<()>| {
        Destination::Stdout.write(|out| print(out)).map_err(Stop::from)
    };
    if is_text {
        write(&|mut out| text::write_head(plan.cases.len(), &mut out))?;
    }
    let left_out = plan.left_out;
    let mut tests = Vec::with_capacity(plan.cases.len());
    let mut unwritten = None;
    side_by_side(args, plan.cases, |test| {
        if is_text {
            let written = write(&|mut out| text::write_line(&test, colors.stdout, &mut out));
            unwritten = unwritten.take().or(written.err());
        }
        tests.push(test);
    });
    if let Some(failed) = unwritten {
        return Err(failed);
    }
    let results = Results { tests, left_out, time: begun.elapsed() };
    write(&|mut out| match args.format {
        TestFormat::Text => text::write_end(&results, colors.stdout, &mut out),
        TestFormat::Junit => junit::write(&results, &mut out),
        TestFormat::Json => json::write(&results, &mut out),
        TestFormat::Github => github::write(&results, &mut out),
    })?;
    Ok(if results.is_good() { Status::Done } else { Status::No })
}

/// Runs the tests on as many threads as there are processors, and shows them in their order.
fn side_by_side(args: &TestArgs, cases: Vec<Case>, mut show: impl FnMut(Tested)) {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(cases.len());
    let limits = limits(args, workers);
    let (next, slots) = (AtomicUsize::new(0), cases.len());
    let cases: Vec<Mutex<Option<Case>>> = cases.into_iter().map(|case| Mutex::new(Some(case))).collect();
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, cases, next) = (sender.clone(), &cases, &next);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(slot) = cases.get(index) else { break };
                    let case = slot.lock().ok().and_then(|mut case| case.take());
                    let Some(case) = case else { continue };
                    if sender.send((index, one(args, limits, case))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut early: Vec<Option<Tested>> = (0..slots).map(|_| None).collect();
        let mut shown = 0;
        for (index, tested) in results {
            if let Some(slot) = early.get_mut(index) {
                *slot = Some(tested);
            }
            while let Some(tested) = early.get_mut(shown).and_then(Option::take) {
                show(tested);
                shown += 1;
            }
        }
    });
}

/// The limits of one test. Memory is that of the process, which all tests of the moment share.
fn limits(args: &TestArgs, workers: usize) -> Limits {
    let limits = Limits::default();
    Limits {
        time: Duration::from_secs(args.time_limit),
        memory: limits.memory.saturating_mul(workers.max(1)),
        allocated: Some(crate::allocated),
    }
}

fn one(args: &TestArgs, limits: Limits, case: Case) -> Tested {
    let Case { script, mut tested } = case;
    let Some(script) = script else { return tested };
    let printed: Arc<Mutex<Vec<String>>> = Arc::default();
    let keeps = Arc::clone(&printed);
    let print: Printer = Arc::new(move |text: &str| {
        if let Ok(mut lines) = keeps.lock() {
            lines.push(text.to_owned());
        }
    });
    let settings =
        Settings { libraries: args.libraries.clone(), limits, print: Some(print), ..Settings::default() };
    let bench = Arc::new(Files::new(&script.path, &settings));
    let begun = Instant::now();
    tested.failure = script::test(&script, &tested.name, &settings, bench).err().map(|failure| *failure);
    tested.time = begun.elapsed();
    if let Ok(mut lines) = printed.lock() {
        tested.printed = std::mem::take(&mut lines);
    }
    tested
}
