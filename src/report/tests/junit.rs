//! Tests as `JUnit`'s XML: a suite a file.
//!
//! Source: the schema of Apache Ant's task `junitreport`, which Jenkins, GitLab and others read.

use std::io::{self, Write};

use super::{Results, Tested};
use crate::diagnostic::Style;

/// Writes the document.
///
/// # Errors
/// What `out` answers.
pub fn write(results: &Results, out: &mut impl Write) -> io::Result<()> {
    let (tests, failures) = (results.tests.len(), results.failed().count());
    let seconds = results.time.as_secs_f64();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"dwscript\" tests=\"{tests}\" failures=\"{failures}\" time=\"{seconds:.3}\">"
    )?;
    for suite in results.tests.chunk_by(|one, other| one.file == other.file) {
        write_suite(suite, out)?;
    }
    writeln!(out, "</testsuites>")
}

fn write_suite(tests: &[Tested], out: &mut impl Write) -> io::Result<()> {
    let Some(first) = tests.first() else { return Ok(()) };
    let failures = tests.iter().filter(|test| test.failure.is_some()).count();
    let seconds: f64 = tests.iter().map(|test| test.time.as_secs_f64()).sum();
    let (name, count) = (escaped(&first.file), tests.len());
    writeln!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failures}\" errors=\"0\" time=\"{seconds:.3}\">"
    )?;
    tests.iter().try_for_each(|test| write_case(test, out))?;
    writeln!(out, "  </testsuite>")
}

fn write_case(test: &Tested, out: &mut impl Write) -> io::Result<()> {
    let name = if test.name.is_empty() { "(file)" } else { &test.name };
    let (file, seconds) = (escaped(&test.file), test.time.as_secs_f64());
    write!(
        out,
        "    <testcase classname=\"{file}\" name=\"{}\" file=\"{file}\" line=\"{}\" time=\"{seconds:.3}\"",
        escaped(name),
        test.line
    )?;
    if test.failure.is_none() && test.printed.is_empty() {
        return writeln!(out, "/>");
    }
    writeln!(out, ">")?;
    if let Some(failure) = &test.failure {
        let (message, code) = (escaped(&failure.message), escaped(failure.code));
        let whole = escaped(&failure.render(Style::Plain));
        writeln!(out, "      <failure message=\"{message}\" type=\"{code}\">{whole}</failure>")?;
    }
    if !test.printed.is_empty() {
        writeln!(out, "      <system-out>{}</system-out>", escaped(&test.printed.join("\n")))?;
    }
    writeln!(out, "    </testcase>")
}

/// Text as XML holds it. Source: XML 1.0, sections 2.2 and 2.4: most control characters cannot be in a document at all.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_an_attribute_or_an_element() {
        assert_eq!(escaped("a\"b<c>&\u{1b}[0m\n"), "a&quot;b&lt;c&gt;&amp;\u{fffd}[0m\n");
    }
}
