//! Gathering findings: each at its place, and as grave as who brought it in makes it.

use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{EditId, RuleId, Ruleset};
use crate::source::Span;

/// The most findings of one code that are shown: a broken dump of 100,000 rules needs no 100,000 messages.
const MOST: usize = 20;

/// A finding.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) diagnostic: Diagnostic,
    /// Whether scripts brought it in.
    pub(super) introduced: bool,
    /// Whether it is a lint's that the input had already, where scripts ran.
    pub(super) inherited: bool,
}

/// What is said of a finding, whatever its place and gravity.
#[derive(Debug)]
pub(super) struct Words {
    message: String,
    notes: Vec<String>,
    help: Vec<String>,
}

impl Words {
    /// One sentence: lower case, no final stop.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), notes: Vec::new(), help: Vec::new() }
    }

    /// The same, with a fact that explains it.
    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The same, with what to do next.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// How grave a finding is, before it is asked who brought it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gravity {
    /// iptables or the kernel refuse it: an error where scripts brought it in.
    Fault,
    /// The line is none, so that the text cannot be read for what it says: an error whoever asks.
    Unreadable,
    /// It loads.
    Warning,
}

/// How many findings of a code there are.
#[derive(Debug)]
struct Count {
    code: &'static str,
    introduced: bool,
    inherited: bool,
    severity: Severity,
    found: usize,
}

/// The findings so far.
#[derive(Debug)]
pub(super) struct Report<'r> {
    ruleset: &'r Ruleset,
    input: Severity,
    inherited: bool,
    findings: Vec<Finding>,
    counts: Vec<Count>,
}

impl<'r> Report<'r> {
    /// A report in which faults of the input are of the severity `input`.
    pub(super) const fn new(ruleset: &'r Ruleset, input: Severity) -> Self {
        Self { ruleset, input, inherited: false, findings: Vec::new(), counts: Vec::new() }
    }

    /// The findings, with a word on those that were left out.
    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        let full = self.counts.iter().filter(|count| count.found > MOST);
        let left_out = full.map(|count| {
            let more = count.found - MOST;
            let message =
                format!("{more} more of this kind {} not shown", if more == 1 { "is" } else { "are" });
            let diagnostic = Diagnostic::new(count.severity, count.code, message);
            Finding { diagnostic, introduced: count.introduced, inherited: count.inherited }
        });
        self.findings.extend(left_out);
        // Those of scripts stay in the order of the checks; a list about a text is read in the order of its lines.
        let place = |finding: &Finding| finding.diagnostic.labels.first().map(|label| label.span.start);
        let key = |finding: &Finding| (!finding.introduced).then(|| place(finding).unwrap_or(u32::MAX));
        self.findings.sort_by_key(key);
        self.findings
    }

    /// Reports a fault of `rule`: at the script line that added it, or at its line of the input.
    pub(super) fn rule(&mut self, rule: RuleId, code: &'static str, words: impl FnOnce() -> Words) {
        self.rule_part(rule, None, (code, Gravity::Fault), words);
    }

    /// Reports what is worth a warning of `rule`.
    pub(super) fn rule_warning(
        &mut self,
        rule: RuleId,
        part: Option<Span>,
        code: &'static str,
        words: impl FnOnce() -> Words,
    ) {
        self.rule_part(rule, part, (code, Gravity::Warning), words);
    }

    /// Reports a fault at the part `part` of a rule's specification.
    pub(super) fn part(
        &mut self,
        rule: RuleId,
        part: Span,
        code: &'static str,
        words: impl FnOnce() -> Words,
    ) {
        self.rule_part(rule, Some(part), (code, Gravity::Fault), words);
    }

    /// Reports that the part `part` of a rule makes its line unreadable: an error whoever asks.
    pub(super) fn unreadable(
        &mut self,
        rule: RuleId,
        part: Span,
        code: &'static str,
        words: impl FnOnce() -> Words,
    ) {
        self.rule_part(rule, Some(part), (code, Gravity::Unreadable), words);
    }

    fn rule_part(
        &mut self,
        rule: RuleId,
        part: Option<Span>,
        what: (&'static str, Gravity),
        words: impl FnOnce() -> Words,
    ) {
        let ruleset = self.ruleset;
        if let Some(edit) = super::added_by(ruleset, rule).or_else(|| ruleset.ensured_by(rule)) {
            self.push_edit(edit, what, || {
                let line = format!("the rule is `{}`", ruleset.line(rule));
                let mut words = words();
                words.notes.insert(0, line);
                words
            });
            return;
        }
        let line = ruleset.span(ruleset.replaced(rule).unwrap_or(rule)).unwrap_or_default();
        let part = ruleset.body_span(rule).zip(part);
        self.push_input(part.map_or(line, |(body, part)| within(body, part)), what, words);
    }

    /// Reports an error that an edit introduced.
    pub(super) fn edit(&mut self, edit: EditId, code: &'static str, words: impl FnOnce() -> Words) {
        self.push_edit(edit, (code, Gravity::Fault), words);
    }

    /// Reports what is worth a warning of an edit.
    pub(super) fn edit_warning(&mut self, edit: EditId, code: &'static str, words: impl FnOnce() -> Words) {
        self.push_edit(edit, (code, Gravity::Warning), words);
    }

    /// Reports what is worth a warning and has no place.
    pub(super) fn nowhere(&mut self, code: &'static str, words: impl FnOnce() -> Words) {
        self.push(code, Severity::Warning, false, words, |_, diagnostic| diagnostic);
    }

    /// Whether there is such a finding so far.
    pub(super) fn has(&self, test: impl Fn(&Diagnostic) -> bool) -> bool {
        self.findings.iter().any(|finding| test(&finding.diagnostic))
    }

    /// Says of the findings that follow whether the input had them already.
    pub(super) const fn inherits(&mut self, inherited: bool) {
        self.inherited = inherited;
    }

    /// Reports an error that scripts introduced by what they do to the line at `span`.
    pub(super) fn introduced_at(&mut self, span: Span, code: &'static str, words: impl FnOnce() -> Words) {
        self.push(code, Severity::Error, true, words, |ruleset, diagnostic| {
            diagnostic.at(ruleset.source(), span, "")
        });
    }

    /// Reports a fault of the input.
    pub(super) fn input(&mut self, span: Span, code: &'static str, words: impl FnOnce() -> Words) {
        self.push_input(span, (code, Gravity::Fault), words);
    }

    /// Reports what is worth a warning of the input, even where its faults are errors.
    pub(super) fn input_warning(&mut self, span: Span, code: &'static str, words: impl FnOnce() -> Words) {
        self.push_input(span, (code, Gravity::Warning), words);
    }

    fn push_edit(
        &mut self,
        edit: EditId,
        (code, gravity): (&'static str, Gravity),
        words: impl FnOnce() -> Words,
    ) {
        let severity = if gravity == Gravity::Warning { Severity::Warning } else { Severity::Error };
        self.push(code, severity, true, words, |ruleset, diagnostic| match ruleset.edit(edit) {
            Some(edit) => {
                let origin = &edit.origin;
                let span = origin.script.expression_span(origin.line, origin.column);
                diagnostic.at(&origin.script, span, "")
            }
            None => diagnostic,
        });
    }

    fn push_input(
        &mut self,
        span: Span,
        (code, gravity): (&'static str, Gravity),
        words: impl FnOnce() -> Words,
    ) {
        let severity = match gravity {
            Gravity::Unreadable => Severity::Error,
            Gravity::Fault => self.input,
            Gravity::Warning => Severity::Warning,
        };
        self.push(code, severity, false, words, |ruleset, diagnostic| {
            diagnostic.at(ruleset.source(), span, "")
        });
    }

    fn push(
        &mut self,
        code: &'static str,
        severity: Severity,
        introduced: bool,
        words: impl FnOnce() -> Words,
        place: impl FnOnce(&Ruleset, Diagnostic) -> Diagnostic,
    ) {
        if self.count(code, severity, introduced) > MOST {
            return;
        }
        let Words { message, notes, help } = words();
        let placed = place(self.ruleset, Diagnostic::new(severity, code, message));
        let diagnostic = Diagnostic { notes, help, ..placed };
        self.findings.push(Finding { diagnostic, introduced, inherited: self.inherited });
    }

    fn count(&mut self, code: &'static str, severity: Severity, introduced: bool) -> usize {
        let inherited = self.inherited;
        let same = |count: &&mut Count| {
            (count.code, count.severity, count.introduced, count.inherited)
                == (code, severity, introduced, inherited)
        };
        if let Some(count) = self.counts.iter_mut().find(same) {
            count.found += 1;
            return count.found;
        }
        self.counts.push(Count { code, introduced, inherited, severity, found: 1 });
        1
    }
}

/// The part `part` of the specification at `body`.
fn within(body: Span, part: Span) -> Span {
    let start = body.start.saturating_add(part.start).min(body.end);
    Span::new(start, body.start.saturating_add(part.end).min(body.end).max(start))
}
