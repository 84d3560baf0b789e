//! What `--apply` says while it works: a line a step, with its time.

use std::io::Write as _;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::diagnostic::Style;

/// Where times stand.
const COLUMN: usize = 56;
/// What takes longer is said to have begun, and later how long it has taken so far.
const SLOW: Duration = Duration::from_secs(1);
const STILL: Duration = Duration::from_secs(10);
const DIM: anstyle::Style = anstyle::Style::new().dimmed();

/// A step that was done.
#[derive(Clone, Debug, serde::Serialize)]
pub(super) struct Step {
    text: String,
    milliseconds: u64,
}

/// The steps so far.
#[derive(Debug)]
pub(super) struct Steps {
    style: Style,
    is_quiet: bool,
    begun: Instant,
    done: Vec<Step>,
}

impl Steps {
    /// Steps that are printed on standard error, unless they go into a JSON object later.
    pub(super) fn new(style: Style, is_quiet: bool) -> Self {
        Self { style, is_quiet, begun: Instant::now(), done: Vec::new() }
    }

    /// A step is done that began when the one before was.
    pub(super) fn done(&mut self, text: &str) {
        self.took(text, self.begun.elapsed());
    }

    /// A step is done that took so long.
    pub(super) fn took(&mut self, text: &str, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        if !self.is_quiet {
            let dim = if self.style == Style::Coloured { DIM } else { anstyle::Style::new() };
            let time = spelled(time);
            print(&format!("{text:<COLUMN$} {dim}{time}{dim:#}"));
        }
        self.done.push(Step { text: text.to_owned(), milliseconds });
        self.begun = Instant::now();
    }

    /// A step begins; that is said only if it takes over a second, and again while it goes on.
    pub(super) fn begin(&self, text: &'static str) -> Option<Slow> {
        let (over, ended) = mpsc::channel::<()>();
        let begun = Instant::now();
        let is_slow = move |time| ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
        let wait = move || {
            if is_slow(SLOW) {
                print(&format!("{text} …"));
            } else {
                return;
            }
            while is_slow(STILL) {
                print(&format!("{text} … {} s", begun.elapsed().as_secs()));
            }
        };
        (!self.is_quiet).then(|| drop(thread::spawn(wait)))?;
        Some(Slow { _over: over })
    }

    /// Says something that took no time.
    pub(super) fn say(&mut self, text: &str) {
        if !self.is_quiet {
            print(text);
        }
        self.begun = Instant::now();
    }

    pub(super) fn all(&self) -> &[Step] {
        &self.done
    }
}

/// What is under way; said once it takes long.
pub(super) struct Slow {
    _over: Sender<()>,
}

/// A line on standard error. A terminal that is gone is no reason to end.
fn print(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

fn spelled(time: Duration) -> String {
    if time < SLOW { format!("{} ms", time.as_millis()) } else { format!("{:.1} s", time.as_secs_f64()) }
}
