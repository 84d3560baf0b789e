//! What a test asks of the program around it: rulesets to try scripts on, and to have scripts run as users run them.
//!
//! The runner is above this stage, and hands itself over as a [`Bench`].

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::params::Params;
use super::{IpSet, Settings};
use crate::diagnostic::Diagnostic;
use crate::model::{Family, Ruleset};

/// The program around tests.
pub trait Bench: Send + Sync {
    /// The rulesets of a built-in capture, a dump or a snapshot, of one family or of those that it has.
    ///
    /// # Errors
    /// What is not there or cannot be read.
    fn load(&self, name: &str, family: Option<Family>) -> Result<Loaded, Diagnostic>;

    /// Runs scripts on rulesets as a user would run them, checks included.
    ///
    /// # Errors
    /// Why nothing came of it, errors and warnings.
    fn run(&self, scripts: &[String], params: &Params, on: &Loaded) -> Result<Ran, Vec<Diagnostic>>;
}

/// Rulesets of one host, and what surrounds them.
#[derive(Clone)]
pub struct Loaded {
    /// The rulesets, one a family, IPv4 first.
    pub rulesets: Vec<Ruleset>,
    /// What scripts may ask of the host; parameters and limits in it do not count.
    pub settings: Settings,
}

/// What scripts made of rulesets.
pub struct Ran {
    /// The rulesets, as many as there were and in the same order.
    pub rulesets: Vec<Ruleset>,
    /// The ipsets that the scripts declared.
    pub sets: Vec<IpSet>,
    /// What was warned of.
    pub warnings: Vec<Diagnostic>,
}

/// The state of a test beside its session.
pub(crate) struct Trial {
    pub(crate) bench: Arc<dyn Bench>,
    /// What was loaded last; the session has the first of its rulesets.
    pub(crate) loaded: RefCell<Option<Loaded>>,
    /// Whether the bench is at work, whose time is not the test's.
    pub(crate) busy: Arc<AtomicBool>,
    /// How many assertions held.
    pub(crate) held: Cell<usize>,
}

impl fmt::Debug for Trial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Trial").field("held", &self.held).finish_non_exhaustive()
    }
}

impl Trial {
    /// Has the bench work.
    pub(crate) fn wait<T>(&self, work: impl FnOnce() -> T) -> T {
        self.busy.store(true, Ordering::Relaxed);
        let result = work();
        self.busy.store(false, Ordering::Relaxed);
        result
    }
}
