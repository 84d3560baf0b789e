//! Diagnostics as commands of GitHub's workflows, which shows them beside the lines that they are about.
//!
//! Source: "Workflow commands for GitHub Actions", and `command.ts` of `actions/toolkit` for the escapes.

use std::io::{self, Write};

use crate::diagnostic::{Diagnostic, Label, Severity};

/// Writes the diagnostics, one a line.
///
/// # Errors
/// What `out` answers.
pub fn write(diagnostics: &[Diagnostic], out: &mut impl Write) -> io::Result<()> {
    for diagnostic in diagnostics {
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let place = diagnostic.primary().map(place).unwrap_or_default();
        let (title, words) = (property(diagnostic.code), data(&diagnostic.words()));
        writeln!(out, "::{command} {place}title={title}::{words}")?;
    }
    Ok(())
}

fn place(label: &Label) -> String {
    let start = label.source.line_column(label.span.start);
    let end = label.source.line_column(label.span.end);
    let file = property(label.source.name());
    let place = format!("file={file},line={},col={},", start.line, start.column);
    // Columns count for a place on one line alone.
    if end.line == start.line { format!("{place}endColumn={},", end.column) } else { place }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::{SourceFile, Span};

    #[test]
    fn words_cannot_end_the_command() {
        let source = SourceFile::from_bytes("a,b:c%.rules", b"*filter\n-A INPUT\n".to_vec()).unwrap();
        let diagnostic = Diagnostic::warning("shadowed", "100% of it\n::error::x")
            .at(&Arc::new(source), Span::new(8, 10), "")
            .help("a, b: c");
        let mut text = Vec::new();
        write(&[diagnostic], &mut text).unwrap();
        let expected = "::warning file=a%2Cb%3Ac%25.rules,line=2,col=1,endColumn=3,title=shadowed::\
                        100%25 of it%0A::error::x%0Ahelp: a, b: c\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
