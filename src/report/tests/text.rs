//! Tests as text for people, as `cargo test` prints it.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};

use super::{Results, Tested};
use crate::diagnostic::Style;

/// Writes that so many tests are about to run.
///
/// # Errors
/// What `out` answers.
pub fn write_head(count: usize, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "running {count} {}", if count == 1 { "test" } else { "tests" })
}

/// Writes the line of a test.
///
/// # Errors
/// What `out` answers.
pub fn write_line(test: &Tested, style: Style, out: &mut impl Write) -> io::Result<()> {
    let (word, color) = match test.failure {
        None => ("ok", AnsiColor::Green),
        Some(_) => ("FAILED", AnsiColor::Red),
    };
    writeln!(out, "test {} ... {}", test.full_name(), painted(word, color, style))
}

/// Writes what failed, and how many did not.
///
/// # Errors
/// What `out` answers.
pub fn write_end(results: &Results, style: Style, out: &mut impl Write) -> io::Result<()> {
    if !results.is_good() {
        writeln!(out, "\nfailures:")?;
    }
    for (test, failure) in results.failed() {
        writeln!(out, "\n---- {} ----", test.full_name())?;
        test.printed.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        write!(out, "{}", failure.render(style))?;
    }
    let failed = results.failed().count();
    let word = if failed == 0 {
        painted("ok", AnsiColor::Green, style)
    } else {
        painted("FAILED", AnsiColor::Red, style)
    };
    let (passed, left_out) = (results.tests.len().saturating_sub(failed), results.left_out);
    let seconds = results.time.as_secs_f64();
    writeln!(
        out,
        "\ntest result: {word}. {passed} passed; {failed} failed; {left_out} filtered out; finished in {seconds:.2}s"
    )
}

fn painted(word: &str, color: AnsiColor, style: Style) -> String {
    match style {
        Style::Plain => word.to_owned(),
        Style::Coloured => {
            let style = Ansi::new().fg_color(Some(color.into()));
            format!("{style}{word}{style:#}")
        }
    }
}
