//! What a script may use: time, memory, depth.
//!
//! Rhai's own size limits make growing an array quadratic, and its operation count starts anew in each call from a
//! native function. So the engine asks a [`Watch`] at every operation, and memory is what the allocator says.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rhai::{Dynamic, Engine, EvalAltResult, NativeCallContext, Position};

use super::fault::Native;

/// How many calls of functions may be inside each other.
const CALLS: usize = 64;
/// How deep expressions and blocks may be inside each other.
const DEPTH: usize = 128;
/// How many operations pass between two looks at the clock.
const OPERATIONS: u32 = 32;
/// What a script may take for each rule that there is, in bytes: hosts with a million rules get along.
const MEMORY_PER_RULE: usize = 128;
/// How many bytes of stack the deepest values need for each byte that they take. Values inside values are dropped by
/// recursion: a chain of closures takes 107 bytes a link and 250 of stack, as measured.
const STACK_PER_BYTE: usize = 4;
/// The least stack that the deepest calls need, in bytes.
const STACK: usize = 64 << 20;

/// Limits of a run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long all scripts together may run.
    pub time: Duration,
    /// How much memory they may take, in bytes, beside their own text, what the ruleset takes before they run and
    /// 128 bytes for each of its rules.
    pub memory: usize,
    /// How much memory the process has allocated, in bytes; without it memory is not bounded.
    pub allocated: Option<fn() -> usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(4), memory: 96 << 20, allocated: None }
    }
}

impl Limits {
    /// The limits over a ruleset of so many rules.
    pub(super) fn for_rules(mut self, rules: usize) -> Self {
        self.memory = self.memory.saturating_add(rules.saturating_mul(MEMORY_PER_RULE));
        self
    }

    /// The stack, in bytes, that no script overflows within its memory.
    pub(super) fn stack(&self) -> usize {
        if self.allocated.is_none() { STACK } else { STACK.max(self.memory.saturating_mul(STACK_PER_BYTE)) }
    }
}

/// Which limit a script ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Time,
    Memory,
    Depth,
}

/// Watches over the limits of a run.
///
/// A limit once met stays met: some functions that take closures go on when a closure fails, and a script may catch
/// what an import raises.
#[derive(Debug)]
pub(crate) struct Watch {
    end: Cell<Instant>,
    allocated: Option<fn() -> usize>,
    most: Cell<usize>,
    left: Cell<u32>,
    met: Cell<Option<Limit>>,
}

impl Watch {
    /// A watch whose time counts from now, and whose memory from what is allocated now.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            end: Cell::new(Instant::now() + limits.time),
            allocated: limits.allocated,
            most: Cell::new(
                limits.allocated.map_or(0, |allocated| allocated()).saturating_add(limits.memory),
            ),
            left: Cell::new(OPERATIONS),
            met: Cell::new(None),
        }
    }

    /// Runs `work`, which makes what the script is not to answer for.
    pub(super) fn excuse<T>(&self, work: impl FnOnce() -> T) -> T {
        let now = || self.allocated.map_or(0, |allocated| allocated());
        let before = now();
        let result = work();
        self.most.set(self.most.get().saturating_add(now().saturating_sub(before)));
        result
    }

    /// The same for work that waits for others, whose time does not count either.
    pub(super) fn wait<T>(&self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = self.excuse(work);
        self.end.set(self.end.get() + start.elapsed());
        result
    }

    /// The limit that was met, if any.
    pub(super) fn met(&self) -> Option<Limit> {
        self.met.get()
    }

    /// Counts an operation.
    fn operation(&self) -> Option<Limit> {
        if self.allocated.is_some_and(|allocated| allocated() > self.most.get()) {
            self.meet(Limit::Memory);
        }
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            self.left.set(OPERATIONS);
            if Instant::now() > self.end.get() {
                self.meet(Limit::Time);
            }
        }
        self.met.get()
    }

    /// Takes the limit as met, unless one was before.
    pub(super) fn meet(&self, limit: Limit) {
        self.met.set(self.met.get().or(Some(limit)));
    }

    /// Counts one of many steps that a function of the host takes.
    ///
    /// # Errors
    /// A limit is met: the function is to stop, and the script cannot catch it.
    pub(crate) fn step(&self, context: &NativeCallContext) -> Native<()> {
        self.operation().map_or(Ok(()), |limit| Err(terminated(limit, context.call_position())))
    }
}

/// The error of a limit; a script cannot catch it.
pub(super) fn terminated(limit: Limit, position: Position) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorTerminated(Dynamic::from(limit), position))
}

/// Sets the limits on `engine`.
pub(super) fn set(engine: &mut Engine, watch: &Rc<Watch>) {
    set_depths(engine);
    let watch = Rc::clone(watch);
    engine.on_progress(move |_| watch.operation().map(Dynamic::from));
}

/// Sets how deep calls and expressions may be; Rhai's own bounds differ between debug and release builds.
pub(super) fn set_depths(engine: &mut Engine) {
    engine.set_max_call_levels(CALLS);
    engine.set_max_expr_depths(DEPTH, DEPTH);
}
