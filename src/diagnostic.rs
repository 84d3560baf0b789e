//! What the user is told: one shape for every message, rendered in one place.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::source::{LineColumn, SourceFile, Span};

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// The result is printed all the same.
    Warning,
    /// There is no result.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in a source that a diagnostic speaks of.
#[derive(Clone, Debug)]
pub struct Label {
    /// The script or the dump.
    pub source: Arc<SourceFile>,
    /// The part that is underlined.
    pub span: Span,
    /// What is said of it; may be empty.
    pub text: String,
    /// Whether it is the place the diagnostic is about, or one that explains.
    pub primary: bool,
}

/// A message to the user.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// The stable code, in kebab case.
    pub code: &'static str,
    /// One sentence: lower case, no final stop.
    pub message: String,
    /// The places, the primary one first.
    pub labels: Vec<Label>,
    /// Facts that explain it.
    pub notes: Vec<String>,
    /// What to do next.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A diagnostic with a code and a message.
    #[must_use]
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { severity, code, message, labels: Vec::new(), notes: Vec::new(), help: Vec::new() }
    }

    /// An error.
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning.
    #[must_use]
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// The same, about this place.
    #[must_use]
    pub fn at(mut self, source: &Arc<SourceFile>, span: Span, text: impl Into<String>) -> Self {
        let label = Label { source: Arc::clone(source), span, text: text.into(), primary: true };
        self.labels.push(label);
        self
    }

    /// The same, explained by this place.
    #[must_use]
    pub fn see(mut self, source: &Arc<SourceFile>, span: Span, text: impl Into<String>) -> Self {
        let label = Label { source: Arc::clone(source), span, text: text.into(), primary: false };
        self.labels.push(label);
        self
    }

    /// The same, with a fact that explains it.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// The place it is about.
    #[must_use]
    pub fn primary(&self) -> Option<&Label> {
        self.labels.iter().find(|label| label.primary).or(self.labels.first())
    }

    /// Source, line and column of the place it is about.
    #[must_use]
    pub fn place(&self) -> Option<(&str, LineColumn)> {
        let label = self.primary()?;
        Some((label.source.name(), label.source.line_column(label.span.start)))
    }

    /// All that it says, its places left out: the message, then each note and what to do on lines of their own.
    #[must_use]
    pub fn words(&self) -> String {
        let notes = self.notes.iter().map(|note| format!("\nnote: {note}"));
        let help = self.help.iter().map(|help| format!("\nhelp: {help}"));
        std::iter::once(self.message.clone()).chain(notes).chain(help).collect()
    }

    /// The diagnostic as text of several lines, underlined as rustc does it, a line feed at its end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let lines: Vec<Excerpt<'_>> = self.labels.iter().map(Excerpt::new).collect();
        let mut group = Group::with_title(level.primary_title(self.message.as_str()).id(self.code));
        for (label, excerpt) in self.labels.iter().zip(&lines) {
            group = group.element(excerpt.snippet(label));
        }
        group = group.elements(self.notes.iter().map(|note| Level::NOTE.message(note.as_str())));
        group = group.elements(self.help.iter().map(|help| Level::HELP.message(help.as_str())));
        let renderer = match style {
            Style::Plain => Renderer::plain(),
            Style::Coloured => Renderer::styled(),
        };
        let mut text = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
        text.push('\n');
        text
    }
}

/// Whether a rendered diagnostic has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text alone.
    Plain,
    /// Text with ANSI colours.
    Coloured,
}

/// The line of a source that a label underlines: a source may have a million lines, and one is shown.
struct Excerpt<'a> {
    text: &'a str,
    line: usize,
    range: Range<usize>,
}

impl<'a> Excerpt<'a> {
    fn new(label: &'a Label) -> Self {
        let source = &label.source;
        let line = source.line(label.span.start);
        let span = source.line_span(line);
        let text = source.slice(span);
        let start = label.span.start.saturating_sub(span.start) as usize;
        let end = (label.span.end.saturating_sub(span.start) as usize).min(text.len());
        Self { text, line: line as usize, range: start..end.max(start) }
    }

    fn snippet(&self, label: &'a Label) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(self.range.clone());
        let annotation =
            if label.text.is_empty() { annotation } else { annotation.label(label.text.as_str()) };
        Snippet::source(self.text).path(label.source.name()).line_start(self.line).annotation(annotation)
    }
}

/// The name among `names` that `word` may have been meant to be.
pub fn did_you_mean<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let distance = |name: &&str| strsim::damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase());
    let near = |name: &&str| distance(name) <= (word.chars().count().max(name.chars().count()) / 3).max(1);
    names.into_iter().filter(near).min_by_key(distance)
}

/// The names as a list in backticks: `` `a`, `b` ``, the first `most` of them.
#[must_use]
pub fn list<'n>(names: impl IntoIterator<Item = &'n str>, most: usize) -> String {
    let mut text = String::new();
    let mut left = 0;
    for (index, name) in names.into_iter().enumerate() {
        if index >= most {
            left += 1;
            continue;
        }
        let separator = if index == 0 { "" } else { ", " };
        let _ = write!(text, "{separator}`{name}`");
    }
    if left > 0 {
        let _ = write!(text, " and {left} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_the_line_with_its_place() {
        let source =
            Arc::new(SourceFile::from_bytes("host.rules", b"*filter\n-A INPUT -j DRP\n".to_vec()).unwrap());
        let diagnostic = Diagnostic::error("missing-chain", "there is no chain `DRP`")
            .at(&source, Span::new(20, 23), "jumps to nothing")
            .help("did you mean `DROP`?");
        let expected = "error[missing-chain]: there is no chain `DRP`
 --> host.rules:2:13
  |
2 | -A INPUT -j DRP
  |             ^^^ jumps to nothing
  |
  = help: did you mean `DROP`?
";
        assert_eq!(diagnostic.render(Style::Plain), expected);
        assert_eq!(diagnostic.place(), Some(("host.rules", LineColumn { line: 2, column: 13 })));
    }

    #[test]
    fn near_names_are_found() {
        assert_eq!(did_you_mean("FORWRD", ["INPUT", "FORWARD"]), Some("FORWARD"));
        assert_eq!(did_you_mean("x", ["INPUT", "FORWARD"]), None);
        assert_eq!(list(["a", "b", "c"], 2), "`a`, `b` and 1 more");
    }
}
