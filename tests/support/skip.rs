//! What a test does when the machine lacks what it needs: it says so and passes.
//!
//! Under `DWSCRIPT_LAB=required`, as continuous integration sets it, a skip is a failure.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Write as _, stderr};
use std::os::unix::fs::MetadataExt as _;
use std::panic::Location;
use std::sync::Mutex;
use std::thread;

/// Why something that a test needs cannot be had on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Skip(String);

impl Skip {
    /// A skip with its reason: a few words, as in "needs root".
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// The value, or `None` after a line that names the test and the reason.
///
/// ```ignore
/// let Some(ns) = available(Namespace::new()) else { return };
/// ```
///
/// # Panics
/// When the value is missing and `DWSCRIPT_LAB` is `required`.
#[track_caller]
pub(crate) fn available<T>(wanted: Result<T, Skip>) -> Option<T> {
    match wanted {
        Ok(value) => Some(value),
        Err(skip) => {
            report(&skip);
            None
        }
    }
}

#[track_caller]
fn report(Skip(reason): &Skip) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let test = test_name();
    assert!(
        std::env::var_os("DWSCRIPT_LAB").is_none_or(|value| value != "required"),
        "{test} cannot run and DWSCRIPT_LAB=required is set: {reason}"
    );
    let line = format!("\nskipped {test}: {reason}\n");
    if SAID.lock().is_ok_and(|mut said| !said.insert(line.clone())) {
        return;
    }
    // The macros' output is captured while a test passes; a write to the descriptor is not.
    let _ = stderr().lock().write_all(line.as_bytes());
}

/// The running test by the name of its thread; on the main thread (`--test-threads=1`) by its place.
#[track_caller]
fn test_name() -> String {
    let place = Location::caller();
    match thread::current().name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => format!("the test at {}:{}", place.file(), place.line()),
    }
}

/// Network namespaces need root; the effective user owns `/proc/self`.
pub(crate) fn require_root() -> Result<(), Skip> {
    match fs::metadata("/proc/self") {
        Ok(meta) if meta.uid() == 0 => Ok(()),
        Ok(_) => Err(Skip::because("needs root")),
        Err(error) => Err(Skip::because(format!("needs /proc: {error}"))),
    }
}
