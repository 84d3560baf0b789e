//! A unified diff from the text that was read to the result.
//!
//! Each changed line says at its end which script line made it: `  # harden.rhai:12`. iptables-restore takes no comment
//! behind a rule, so that the mark cannot be mistaken for part of one; text to load is what the whole ruleset is for.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;

use anstyle::AnsiColor;

use crate::check::Checked;
use crate::diagnostic::Style;
use crate::model::{EditId, Ruleset};
use crate::save::{Patch, patches};

/// Unchanged lines shown around a change.
pub(super) const CONTEXT: u32 = 3;
/// Marks stand in one column, unless a line is longer than this.
const MARK_COLUMN: usize = 96;

pub(super) const HEADER: anstyle::Style = anstyle::Style::new().bold();
pub(super) const HUNK: anstyle::Style = AnsiColor::Cyan.on_default();
pub(super) const REMOVED: anstyle::Style = AnsiColor::Red.on_default();
pub(super) const ADDED: anstyle::Style = AnsiColor::Green.on_default();
pub(super) const PLAIN: anstyle::Style = anstyle::Style::new();
const MARK: anstyle::Style = anstyle::Style::new().dimmed();

/// Writes the diff; nothing where the scripts changed nothing.
///
/// # Errors
/// What `out` answers.
pub fn write(checked: &Checked, style: Style, out: &mut impl Write) -> io::Result<()> {
    let ruleset = checked.ruleset();
    let patches = patches(ruleset);
    let mut diff = Diff { ruleset, style, out, growth: 0 };
    let mut rest = patches.as_slice();
    if !rest.is_empty() {
        diff.header()?;
    }
    while let Some((hunk, behind)) = split_hunk(ruleset, rest) {
        diff.hunk(hunk)?;
        rest = behind;
    }
    Ok(())
}

/// The patches of the first hunk, whose contexts touch each other, and those behind it.
fn split_hunk<'p>(ruleset: &Ruleset, patches: &'p [Patch]) -> Option<(&'p [Patch], &'p [Patch])> {
    let mut end = replaced_lines(ruleset, patches.first()?).end;
    let touching = patches.iter().take_while(|patch| {
        let lines = replaced_lines(ruleset, patch);
        let touches = lines.start <= end + 2 * CONTEXT;
        end = lines.end;
        touches
    });
    let length = touching.count();
    patches.split_at_checked(length)
}

/// The lines of the source that the patch stands for, from 1: none or one.
fn replaced_lines(ruleset: &Ruleset, patch: &Patch) -> Range<u32> {
    let line = ruleset.source().line(patch.at);
    line..line + u32::from(patch.removed.is_some())
}

/// A line of a hunk.
struct Line<'r> {
    sign: char,
    text: Cow<'r, str>,
    mark: String,
}

struct Diff<'r, W> {
    ruleset: &'r Ruleset,
    style: Style,
    out: W,
    /// Lines that the hunks so far added, less those they took out.
    growth: i64,
}

impl<'r, W: Write> Diff<'r, W> {
    fn header(&mut self) -> io::Result<()> {
        let name = visible(self.ruleset.source().name());
        self.styled(HEADER, &format!("--- {name}"))?;
        self.out.write_all(b"\n")?;
        self.styled(HEADER, &format!("+++ {name} (edited)"))?;
        self.out.write_all(b"\n")
    }

    fn hunk(&mut self, patches: &'r [Patch]) -> io::Result<()> {
        let (Some(first), Some(last)) = (patches.first(), patches.last()) else { return Ok(()) };
        let source = self.ruleset.source();
        let start = replaced_lines(self.ruleset, first).start.saturating_sub(CONTEXT).max(1);
        // A text ends with a line feed, so that its end counts as one line more.
        let end = (replaced_lines(self.ruleset, last).end + CONTEXT).min(source.line(source.len()));
        let removed = patches.iter().filter(|patch| patch.removed.is_some()).count();
        let added: usize = patches.iter().map(|patch| patch.added.len()).sum();
        self.hunk_header(start, (end - start) as usize, removed, added)?;
        let lines = self.lines(patches, start..end);
        let changed = lines.iter().filter(|line| !line.mark.is_empty());
        let width = changed.map(|line| line.text.chars().count()).filter(|width| *width <= MARK_COLUMN).max();
        lines.iter().try_for_each(|line| self.line(line, width.unwrap_or(0)))
    }

    fn hunk_header(&mut self, start: u32, length: usize, removed: usize, added: usize) -> io::Result<()> {
        let new_start = i64::from(start) + self.growth;
        let new_length = length - removed + added;
        let (old, new) =
            (range(start as usize, length), range(usize::try_from(new_start).unwrap_or(0), new_length));
        self.growth += i64::try_from(new_length).unwrap_or(0) - i64::try_from(length).unwrap_or(0);
        let table = self.table_above(start);
        self.styled(HUNK, format!("@@ -{old} +{new} @@ {table}").trim_end())?;
        self.out.write_all(b"\n")
    }

    /// The `*table` line of the block that the line `line` lies in.
    fn table_above(&self, line: u32) -> &'r str {
        let source = self.ruleset.source();
        let at = source.line_span(line).start;
        let blocks = self.ruleset.tables().filter_map(super::super::model::table::Table::block);
        let block = blocks.filter(|block| block.header.start < at && at <= block.commit.end).last();
        block.map_or("", |block| source.slice(block.header))
    }

    fn lines(&self, patches: &'r [Patch], range: Range<u32>) -> Vec<Line<'r>> {
        let source = self.ruleset.source();
        let mut lines = Vec::new();
        let mut at = range.start;
        let context = |lines: &mut Vec<Line<'r>>, range: Range<u32>| {
            let texts = range.map(|line| source.slice(source.line_span(line)));
            lines.extend(texts.map(|text| Line { sign: ' ', text: visible(text), mark: String::new() }));
        };
        for patches in patches.chunk_by(|one, other| one.at == other.at) {
            let Some(last) = patches.last() else { continue };
            let replaced = replaced_lines(self.ruleset, last);
            context(&mut lines, at..replaced.start);
            // What goes stands before what comes, wherever at this place that is put.
            let removed = patches.iter().filter_map(|patch| patch.removed);
            lines.extend(removed.map(|(span, edit)| self.change('-', source.slice(span), Some(edit))));
            let added = patches.iter().flat_map(|patch| &patch.added);
            lines.extend(added.map(|line| self.change('+', &line.text, line.edit)));
            at = replaced.end;
        }
        context(&mut lines, at..range.end);
        lines
    }

    fn change(&self, sign: char, text: &'r str, edit: Option<EditId>) -> Line<'r> {
        Line { sign, text: visible(text), mark: self.mark(edit) }
    }

    /// What a changed line says of its origin.
    fn mark(&self, edit: Option<EditId>) -> String {
        let Some(edit) = edit.and_then(|edit| self.ruleset.edit(edit)) else { return String::new() };
        let script = visible(edit.origin.script.name());
        match edit.origin.line {
            0 => format!("# {script}"),
            line => format!("# {script}:{line}"),
        }
    }

    fn line(&mut self, line: &Line<'r>, width: usize) -> io::Result<()> {
        let style = match line.sign {
            '-' => REMOVED,
            '+' => ADDED,
            _ => PLAIN,
        };
        self.styled(style, &format!("{}{}", line.sign, line.text))?;
        if !line.mark.is_empty() {
            let gap = width.saturating_sub(line.text.chars().count());
            write!(self.out, "{:gap$}  ", "")?;
            self.styled(MARK, &line.mark)?;
        }
        self.out.write_all(b"\n")
    }

    fn styled(&mut self, style: anstyle::Style, text: &str) -> io::Result<()> {
        let style = if self.style == Style::Coloured { style } else { PLAIN };
        write!(self.out, "{style}")?;
        self.out.write_all(&self.ruleset.source().original(text))?;
        write!(self.out, "{style:#}")
    }
}

/// The place of `length` lines from the one numbered `start` on, as the head of a hunk has it.
pub(super) fn range(start: usize, length: usize) -> String {
    match length {
        0 => format!("{},0", start.saturating_sub(1)),
        length => format!("{start},{length}"),
    }
}

/// The text with control characters spelled out: a comment of a rule must not steer the reader's terminal.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    let steers = |character: char| character.is_control() && character != '\t';
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let spelled = text.chars().map(|character| {
        if steers(character) { character.escape_default().to_string() } else { character.to_string() }
    });
    Cow::Owned(spelled.collect())
}
