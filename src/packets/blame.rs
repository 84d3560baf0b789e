//! The rule that decided a packet's fate, and where it is written.

use std::sync::Arc;

use crate::model::Ruleset;
use crate::simulate::{Step, Trace};
use crate::source::{SourceFile, Span};

/// Who decided.
#[derive(Clone, Debug)]
pub struct Blame {
    /// The rule as iptables-save prints it, or the policy.
    pub text: String,
    /// Where it is written: in a script, or in the dump. A policy that nobody wrote is nowhere.
    pub place: Option<(Arc<SourceFile>, Span)>,
}

/// Who decided; none where no rule did.
#[must_use]
pub fn blame(ruleset: &Ruleset, trace: &Trace) -> Option<Blame> {
    let step = trace.path().last()?;
    Some(Blame { text: step.text(ruleset), place: place(ruleset, step) })
}

fn place(ruleset: &Ruleset, step: &Step) -> Option<(Arc<SourceFile>, Span)> {
    let edit = match step.rule {
        Some(rule) => ruleset.added_by(rule).filter(|_| !ruleset.is_rewritten(rule)),
        None => ruleset.chain(step.chain).policy_edit(),
    };
    if let Some(origin) = edit.and_then(|edit| ruleset.edit(edit)).map(|edit| &edit.origin) {
        let span = origin.script.expression_span(origin.line, origin.column);
        return Some((Arc::clone(&origin.script), span));
    }
    let span = match step.rule {
        Some(rule) => ruleset.span(ruleset.replaced(rule).unwrap_or(rule))?,
        None => ruleset.chain(step.chain).declaration()?.policy,
    };
    Some((Arc::clone(ruleset.source()), span))
}
