//! Failed tests as annotations of a GitHub workflow.

use std::io::{self, Write};

use super::Results;
use crate::diagnostic::Diagnostic;
use crate::report::github;

/// Writes a line for each test that failed.
///
/// # Errors
/// What `out` answers.
pub fn write(results: &Results, out: &mut impl Write) -> io::Result<()> {
    let named = results.failed().map(|(test, failure)| {
        let message = format!("{}: {}", test.full_name(), failure.message);
        Diagnostic { message, ..failure.clone() }
    });
    github::write(&named.collect::<Vec<_>>(), out)
}
