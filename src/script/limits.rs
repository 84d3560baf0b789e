//! What a script may use: time, memory, depth.
//!
//! Rhai's own size limits make growing an array quadratic, and its operation count starts anew in each call from a
//! native function. So the engine is asked about progress at every operation, and memory is what the allocator says.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rhai::{Array, Dynamic, Engine, EvalAltResult, INT, ImmutableString, NativeCallContext};

use super::error::{Fault, raise};

/// How many calls of functions may be inside each other.
const CALLS: usize = 64;
/// How many operations pass between two looks at the clock.
const OPERATIONS: u32 = 256;
/// The longest text that a function may make of others in one go, in bytes.
const TEXT: usize = 16 << 20;

/// Limits of a run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long all scripts together may run.
    pub time: Duration,
    /// How much memory they may take, in bytes, beside what the ruleset takes before they run.
    pub memory: usize,
    /// How much memory the process has allocated, in bytes; without it memory is not bounded.
    pub allocated: Option<fn() -> usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(4), memory: 128 << 20, allocated: None }
    }
}

/// Sets the limits on `engine`; time counts from now.
pub(super) fn set(engine: &mut Engine, limits: Limits) {
    engine.set_max_call_levels(CALLS);
    engine.set_max_expr_depths(64, 64);
    let end = Instant::now() + limits.time;
    let most = limits.allocated.map(|allocated| allocated().saturating_add(limits.memory));
    let left = Cell::new(OPERATIONS);
    engine.on_progress(move |_| {
        if limits.allocated.zip(most).is_some_and(|(allocated, most)| allocated() > most) {
            return Some("memory".into());
        }
        left.set(left.get() - 1);
        if left.get() == 0 {
            left.set(OPERATIONS);
            return (Instant::now() > end).then(|| "time".into());
        }
        None
    });
    bound(engine, limits.allocated.zip(most));
}

/// Puts bounded functions in the place of those of Rhai's that can make much of little in a single operation.
fn bound(engine: &mut Engine, memory: Option<(fn() -> usize, usize)>) {
    engine.register_fn(
        "pad",
        |context: NativeCallContext, text: &mut ImmutableString, length: INT, with: &str| {
            pad_text(&context, text, length, with)
        },
    );
    engine.register_fn(
        "pad",
        |context: NativeCallContext, text: &mut ImmutableString, length: INT, with: char| {
            pad_text(&context, text, length, with.encode_utf8(&mut [0; 4]))
        },
    );
    engine.register_fn(
        "pad",
        move |context: NativeCallContext, array: &mut Array, length: INT, with: Dynamic| {
            let length = usize::try_from(length).unwrap_or(0);
            if length > TEXT / size_of::<Dynamic>() {
                return Err(too_long(&context, "pad"));
            }
            while array.len() < length {
                // An item may be an array itself, and is copied each time.
                if memory.is_some_and(|(allocated, most)| allocated() > most) {
                    let position = context.call_position();
                    return Err(Box::new(EvalAltResult::ErrorTerminated("memory".into(), position)));
                }
                array.push(with.clone());
            }
            Ok(())
        },
    );
    engine.register_fn(
        "replace",
        |context: NativeCallContext, text: &mut ImmutableString, from: &str, to: &str| {
            let finds = if from.is_empty() { text.len() + 1 } else { text.matches(from).count() };
            if text.len().saturating_add(finds.saturating_mul(to.len())) > TEXT {
                return Err(too_long(&context, "replace"));
            }
            *text = text.replace(from, to).into();
            Ok(())
        },
    );
    engine.register_fn("split", |context: NativeCallContext, text: &str, at: &str| {
        if text.len() > TEXT / 16 {
            return Err(too_long(&context, "split"));
        }
        Ok(text.split(at).map(|part| Dynamic::from(part.to_owned())).collect::<Array>())
    });
}

fn pad_text(
    context: &NativeCallContext,
    text: &mut ImmutableString,
    length: INT,
    with: &str,
) -> Result<(), Box<EvalAltResult>> {
    let length = usize::try_from(length).unwrap_or(0);
    if length.saturating_mul(with.len().max(1)) > TEXT {
        return Err(too_long(context, "pad"));
    }
    let missing = length.saturating_sub(text.chars().count());
    if missing > 0 && !with.is_empty() {
        let padding: String = with.chars().cycle().take(missing).collect();
        *text = [text.as_str(), &padding].concat().into();
    }
    Ok(())
}

fn too_long(context: &NativeCallContext, function: &str) -> Box<EvalAltResult> {
    let fault = Fault::new("memory-limit", format!("`{function}` would make more than {} MiB", TEXT >> 20));
    raise(context, fault.help("hold less at a time"))
}
