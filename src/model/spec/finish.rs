//! What can be told once a whole rule is known.

use super::error::SpecErrorKind;
use super::parser::{Outcome, Reading, fault};
use crate::model::extension::{Instance, Token};
use crate::source::Span;

impl Reading<'_> {
    /// What can be told once the whole rule is known.
    pub(super) fn finish(&mut self) -> Outcome {
        if let Some(negation) = self.negation {
            return Err(fault(
                SpecErrorKind::BadNegation { before: "the end of the rule".to_owned() },
                negation,
            ));
        }
        self.check_lists()?;
        let spec = &self.spec;
        let protocol = spec.protocol_so_far();
        for module in &spec.buffers.modules {
            let Some(extension) = module.extension else { continue };
            let instance = Instance {
                extension,
                family: spec.family,
                protocol,
                text: spec.text,
                arguments: &spec.buffers.arguments,
                used: &spec.buffers.used,
                module: module.index,
            };
            instance.check().map_err(|kind| fault(kind, span_of(&instance, module.name)))?;
        }
        Ok(())
    }

    /// A list of addresses is several rules, and none of these could be negated.
    fn check_lists(&self) -> Outcome {
        let given = [&self.spec.base.source, &self.spec.base.destination];
        let mut given = given.into_iter().flatten();
        if given.clone().any(|addresses| addresses.range.len() > 1)
            && let Some(negated) = given.find(|addresses| addresses.place.negated)
        {
            return Err(fault(SpecErrorKind::NegatedList, negated.place.span));
        }
        Ok(())
    }
}

/// Where a fault of a whole match or target is shown: at its name, or at its options where the protocol implied it.
fn span_of(instance: &Instance<'_>, name: Token) -> Span {
    if !name.span.is_empty() {
        return name.span;
    }
    let start = instance.own().map(|used| used.span.start).min().unwrap_or(0);
    let end = instance.own().map(|used| used.span.end).max().unwrap_or(0);
    Span::new(start, end)
}
