//! Tests as one JSON object.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Results, Tested};
use crate::diagnostic::{Diagnostic, Label};

/// Counts up with a change that breaks readers; new keys do not.
pub const VERSION: u32 = 1;

/// Writes the object: `tests`, each with `file`, `name`, `line`, `outcome` (`ok` or `failed`), `seconds`, `printed` and, where it
/// failed, `failure`.
///
/// # Errors
/// What `out` answers.
pub fn write(results: &Results, out: &mut impl Write) -> io::Result<()> {
    let failed = results.failed().count();
    let object = json!({
        "version": VERSION,
        "passed": results.tests.len().saturating_sub(failed),
        "failed": failed,
        "filtered_out": results.left_out,
        "seconds": results.time.as_secs_f64(),
        "tests": results.tests.iter().map(test).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &object)?;
    out.write_all(b"\n")
}

fn test(test: &Tested) -> Value {
    json!({
        "file": test.file,
        "name": test.name,
        "line": test.line,
        "outcome": if test.failure.is_none() { "ok" } else { "failed" },
        "seconds": test.time.as_secs_f64(),
        "printed": test.printed,
        "failure": test.failure.as_ref().map(failure),
    })
}

fn failure(failure: &Diagnostic) -> Value {
    json!({
        "code": failure.code,
        "message": failure.message,
        "places": failure.labels.iter().map(place).collect::<Vec<_>>(),
        "notes": failure.notes,
        "help": failure.help,
    })
}

fn place(label: &Label) -> Value {
    let at = label.source.line_column(label.span.start);
    json!({ "file": label.source.name(), "line": at.line, "column": at.column, "text": label.text })
}
