//! What came of tests: one format a file.

pub mod github;
pub mod json;
pub mod junit;
pub mod text;

use std::time::Duration;

use crate::diagnostic::Diagnostic;

/// What came of one test.
#[derive(Clone, Debug)]
pub struct Tested {
    /// Its file, as it was found.
    pub file: String,
    /// Its function; empty where the file itself could not be read.
    pub name: String,
    /// The line of its function, from 1.
    pub line: u32,
    /// How long it took.
    pub time: Duration,
    /// Why it failed; none where it did not.
    pub failure: Option<Diagnostic>,
    /// What it printed.
    pub printed: Vec<String>,
}

impl Tested {
    /// Its name with its file.
    #[must_use]
    pub fn full_name(&self) -> String {
        if self.name.is_empty() { self.file.clone() } else { format!("{}::{}", self.file, self.name) }
    }
}

/// What came of all tests.
#[derive(Clone, Debug)]
pub struct Results {
    /// The tests, in their order.
    pub tests: Vec<Tested>,
    /// How many were left out by a filter.
    pub left_out: usize,
    /// How long all of it took.
    pub time: Duration,
}

impl Results {
    /// Those that failed.
    pub fn failed(&self) -> impl Iterator<Item = (&Tested, &Diagnostic)> {
        self.tests.iter().filter_map(|test| Some((test, test.failure.as_ref()?)))
    }

    /// Whether none failed.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.failed().next().is_none()
    }
}
