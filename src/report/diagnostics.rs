//! Diagnostics as text: errors first, as they end the run, then the rest in their order.

use std::io::{self, Write};

use crate::diagnostic::{Diagnostic, Severity, Style};

/// Writes the diagnostics, an empty line between any two.
///
/// # Errors
/// What `out` answers.
pub fn write(diagnostics: &[Diagnostic], style: Style, out: &mut impl Write) -> io::Result<()> {
    let (errors, others): (Vec<_>, Vec<_>) =
        diagnostics.iter().partition(|diagnostic| diagnostic.severity == Severity::Error);
    for (index, diagnostic) in errors.into_iter().chain(others).enumerate() {
        if index > 0 {
            out.write_all(b"\n")?;
        }
        out.write_all(diagnostic.render(style).as_bytes())?;
    }
    Ok(())
}
