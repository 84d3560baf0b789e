//! A ruleset in canonical form, and what differs from it in the text that was read.

use std::io::{self, Write};
use std::ops::Range;

use super::changes::{Change, changes};
use super::diff::{ADDED, CONTEXT, HEADER, HUNK, PLAIN, REMOVED, range, visible};
use crate::check::Checked;
use crate::diagnostic::Style;
use crate::save;
use crate::source::SourceFile;

/// Writes the ruleset in canonical form.
///
/// # Errors
/// What `out` answers.
pub fn write(checked: &Checked, out: &mut impl Write) -> io::Result<()> {
    save::write_canonical(checked.ruleset(), out)
}

/// Whether the text that was read is in canonical form.
#[must_use]
pub fn is_canonical(checked: &Checked) -> bool {
    let source = checked.ruleset().source();
    text(checked).is_ok_and(|text| *source.original(source.text()) == text)
}

fn text(checked: &Checked) -> io::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(checked.ruleset().source().text().len() + 256);
    write(checked, &mut text)?;
    Ok(text)
}

/// Writes a unified diff from the text that was read to the canonical form; nothing where they are the same.
///
/// # Errors
/// What `out` answers.
pub fn write_diff(checked: &Checked, style: Style, out: &mut impl Write) -> io::Result<()> {
    let old = checked.ruleset().source();
    let new = SourceFile::from_bytes(old.name(), text(checked)?).map_err(io::Error::other)?;
    let [before, after] = [old, &new].map(|source| source.text().lines().collect::<Vec<_>>());
    let changes = changes(&before, &after);
    let mut diff = Diff { old, new: &new, before, after, passed: 0, table: "", style, out };
    if !changes.is_empty() {
        diff.header()?;
    }
    let near = |one: &Change, other: &Change| other.old.start - one.old.end <= 2 * CONTEXT as usize;
    changes.chunk_by(near).try_for_each(|hunk| diff.hunk(hunk))
}

struct Diff<'r, W> {
    old: &'r SourceFile,
    new: &'r SourceFile,
    before: Vec<&'r str>,
    after: Vec<&'r str>,
    /// How many lines of the old text were looked through for its tables, and the table that they end in.
    passed: usize,
    table: &'r str,
    style: Style,
    out: W,
}

impl<'r, W: Write> Diff<'r, W> {
    fn header(&mut self) -> io::Result<()> {
        let name = visible(self.old.name());
        self.line(HEADER, &["--- ", &name], self.old)?;
        self.line(HEADER, &["+++ ", &name, " (canonical)"], self.old)
    }

    fn hunk(&mut self, changes: &[Change]) -> io::Result<()> {
        let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return Ok(()) };
        let context = CONTEXT as usize;
        let lead = context.min(first.old.start);
        let tail = context.min(self.before.len() - last.old.end);
        let old = first.old.start - lead..last.old.end + tail;
        let new = first.new.start - lead..last.new.end + tail;
        let table = self.table_at(old.start);
        let [from, to] = [&old, &new].map(|lines| range(lines.start + 1, lines.len()));
        self.line(HUNK, &[format!("@@ -{from} +{to} @@ {table}").trim_end()], self.old)?;
        let mut at = old.start;
        for change in changes {
            self.lines(PLAIN, " ", at..change.old.start)?;
            self.lines(REMOVED, "-", change.old.clone())?;
            for index in change.new.clone() {
                let text = visible(self.after.get(index).copied().unwrap_or_default());
                self.line(ADDED, &["+", &text], self.new)?;
            }
            at = change.old.end;
        }
        self.lines(PLAIN, " ", at..old.end)
    }

    /// The `*table` line of the block that the line `index` of the old text lies in; asked in ascending order.
    fn table_at(&mut self, index: usize) -> &'r str {
        let passed = self.before.get(self.passed..index).unwrap_or_default();
        self.passed = index;
        if let Some(line) = passed.iter().rev().find(|line| line.starts_with('*') || **line == "COMMIT") {
            self.table = if line.starts_with('*') { line } else { "" };
        }
        self.table
    }

    /// Lines of the old text.
    fn lines(&mut self, style: anstyle::Style, sign: &str, lines: Range<usize>) -> io::Result<()> {
        for index in lines {
            let text = visible(self.before.get(index).copied().unwrap_or_default());
            self.line(style, &[sign, &text], self.old)?;
        }
        Ok(())
    }

    fn line(&mut self, style: anstyle::Style, parts: &[&str], source: &SourceFile) -> io::Result<()> {
        let style = if self.style == Style::Coloured { style } else { PLAIN };
        write!(self.out, "{style}")?;
        self.out.write_all(&source.original(&parts.concat()))?;
        writeln!(self.out, "{style:#}")
    }
}
