//! Gathering findings: each at its place, and as grave as who brought it in makes it.

use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{EditId, Origin, RuleId, Ruleset};
use crate::source::Span;

/// The most findings of one code about the input; a broken dump of 100,000 rules needs no 100,000 messages.
const MOST: usize = 20;

/// A finding.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) diagnostic: Diagnostic,
    /// Whether scripts brought it in.
    pub(super) introduced: bool,
}

/// The findings so far.
#[derive(Debug)]
pub(super) struct Report<'r> {
    ruleset: &'r Ruleset,
    input: Severity,
    findings: Vec<Finding>,
    /// How many findings about the input each code has.
    counts: Vec<(&'static str, usize)>,
}

impl<'r> Report<'r> {
    /// A report in which faults of the input are of the severity `input`.
    pub(super) const fn new(ruleset: &'r Ruleset, input: Severity) -> Self {
        Self { ruleset, input, findings: Vec::new(), counts: Vec::new() }
    }

    /// The findings, with a word on those that were left out.
    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        for (code, count) in std::mem::take(&mut self.counts) {
            if count > MOST {
                let message = format!("{} more findings of this kind are not shown", count - MOST);
                let diagnostic = Diagnostic::new(self.input, code, message);
                self.findings.push(Finding { diagnostic, introduced: false });
            }
        }
        self.findings
    }

    /// Reports a fault of `rule`: at the script line that added it, or at its line of the input.
    pub(super) fn rule(
        &mut self,
        rule: RuleId,
        code: &'static str,
        message: impl Into<String>,
        finish: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        match self.ruleset.added_by(rule).filter(|_| !self.ruleset.is_rewritten(rule)) {
            Some(edit) => {
                let line = self.ruleset.line(rule).into_owned();
                self.edit(edit, code, message, |found| finish(found.note(format!("the rule is `{line}`"))));
            }
            None => self.input(self.ruleset.span(rule).unwrap_or_default(), code, message, finish),
        }
    }

    /// Reports a fault at a part of a rule's specification.
    pub(super) fn part(
        &mut self,
        rule: RuleId,
        part: Span,
        code: &'static str,
        message: impl Into<String>,
        finish: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        match self.ruleset.body_span(rule) {
            Some(body) => {
                let span = Span::new(
                    body.start.saturating_add(part.start),
                    body.start.saturating_add(part.end).min(body.end),
                );
                self.input(span, code, message, finish);
            }
            None => self.rule(rule, code, message, finish),
        }
    }

    /// Reports an error that an edit introduced.
    pub(super) fn edit(
        &mut self,
        edit: EditId,
        code: &'static str,
        message: impl Into<String>,
        finish: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        let diagnostic = Diagnostic::error(code, message);
        let diagnostic = match self.ruleset.edit(edit) {
            Some(edit) => at_origin(diagnostic, &edit.origin),
            None => diagnostic,
        };
        self.findings.push(Finding { diagnostic: finish(diagnostic), introduced: true });
    }

    /// Reports a fault of the input.
    pub(super) fn input(
        &mut self,
        span: Span,
        code: &'static str,
        message: impl Into<String>,
        finish: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        self.input_as(self.input, span, code, message, finish);
    }

    /// Reports what is worth a warning even where faults are errors.
    pub(super) fn input_warning(
        &mut self,
        span: Span,
        code: &'static str,
        message: impl Into<String>,
        finish: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        self.input_as(Severity::Warning, span, code, message, finish);
    }

    fn input_as(
        &mut self,
        severity: Severity,
        span: Span,
        code: &'static str,
        message: impl Into<String>,
        finish: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        if self.count(code) > MOST {
            return;
        }
        let diagnostic = Diagnostic::new(severity, code, message).at(self.ruleset.source(), span, "");
        self.findings.push(Finding { diagnostic: finish(diagnostic), introduced: false });
    }

    fn count(&mut self, code: &'static str) -> usize {
        if let Some((_, count)) = self.counts.iter_mut().find(|(known, _)| *known == code) {
            *count += 1;
            return *count;
        }
        self.counts.push((code, 1));
        1
    }
}

fn at_origin(diagnostic: Diagnostic, origin: &Origin) -> Diagnostic {
    let span = origin.script.expression_span(origin.line, origin.column);
    diagnostic.at(&origin.script, span, "")
}
