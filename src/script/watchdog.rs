//! The last bound on a run: a script that no progress is heard of, because one function works on and on, is left behind.
//!
//! The engine asks about limits between operations. One operation can be long: a search through a million texts that are
//! megabytes long, each shared and so for free. So scripts run on a thread of their own, and this one looks at the clock
//! and at the memory meanwhile. A thread cannot be ended from outside: it is left to itself until the program ends, which
//! it does with the error.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::Failure;
use super::error;
use super::limits::{Limit, Limits};

/// How often it looks.
const PERIOD: Duration = Duration::from_millis(5);
/// How many times the memory of the limit one operation may take, before the engine looks at it again.
const BEYOND: usize = 4;
/// How much longer than the limit a run may take, in which the engine ends it at the line that it is at.
const GRACE: Duration = Duration::from_millis(400);

/// Waits for what comes out of a run, or until it is beyond the limits; while it `waits` for others its time stands still.
///
/// # Errors
/// That the run is beyond a limit, or has ended without an answer.
pub(super) fn wait<T>(answer: &Receiver<T>, limits: &Limits, waits: impl Fn() -> bool) -> Result<T, Failure> {
    let mut end = Instant::now() + limits.time + GRACE;
    let most =
        limits.allocated.map(|allocated| allocated().saturating_add(limits.memory.saturating_mul(BEYOND)));
    loop {
        let start = Instant::now();
        match answer.recv_timeout(PERIOD) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Disconnected) => return Err(beyond(Limit::Depth)),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if waits() {
            end += start.elapsed();
        }
        if limits.allocated.zip(most).is_some_and(|(allocated, most)| allocated() > most) {
            return Err(beyond(Limit::Memory));
        }
        if Instant::now() > end {
            return Err(beyond(Limit::Time));
        }
    }
}

fn beyond(limit: Limit) -> Failure {
    let diagnostic =
        error::limit(Some(limit)).note("it is inside one call of a function, so no line can be told");
    Failure::of(diagnostic)
}
