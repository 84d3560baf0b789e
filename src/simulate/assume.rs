//! What the user settles of that which packets do not say: `--assume limit=yes`.

use crate::diagnostic::did_you_mean;
use crate::model::matches;
use crate::model::{RuleId, Ruleset};

/// Whether what cannot be known is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// A match's name (`limit`), a set's (`set banned`), or a rule as iptables-save prints it (`-A INPUT …`).
    subject: String,
    /// Whether it matches; a `!` in front of it counts as part of it.
    holds: bool,
}

/// Why a text is no assumption.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssumptionError {
    /// It does not end in `=yes` or `=no`.
    #[error("`{0}` does not say whether it matches")]
    NoAnswer(String),
    /// There is no such match.
    #[error("there is no match `{name}`")]
    UnknownMatch {
        /// The name.
        name: String,
        /// The name that was meant, perhaps.
        hint: Option<String>,
    },
}

impl AssumptionError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NoAnswer(_) => "end it in `=yes` or `=no`, as in `limit=yes`".to_owned(),
            Self::UnknownMatch { hint: Some(hint), .. } => format!("did you mean `{hint}`?"),
            Self::UnknownMatch { .. } => {
                "give a match's name as in `limit`, a set as in `set banned`, or a rule as in `-A INPUT …`"
                    .to_owned()
            }
        }
    }
}

impl Assumption {
    /// Reads `MATCH=yes` or `MATCH=no`; `MATCH` is the name of a match, `set NAME`, or a rule `-A CHAIN …`.
    ///
    /// # Errors
    /// A text without an answer, and the name of a match that there is not.
    pub fn parse(text: &str) -> Result<Self, AssumptionError> {
        let fault = || AssumptionError::NoAnswer(text.to_owned());
        let (subject, answer) = text.rsplit_once('=').ok_or_else(fault)?;
        let holds = match answer.trim() {
            "yes" | "true" => true,
            "no" | "false" => false,
            _ => return Err(fault()),
        };
        let subject = subject.trim();
        let known = subject.starts_with("-A ") || subject.starts_with("set ");
        if !known && !matches::ALL.iter().any(|extension| extension.name == subject) {
            let names = matches::ALL.iter().map(|extension| extension.name);
            let hint = did_you_mean(subject, names).map(str::to_owned);
            return Err(AssumptionError::UnknownMatch { name: subject.to_owned(), hint });
        }
        Ok(Self { subject: subject.to_owned(), holds })
    }

    /// What it settles.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Whether it matches.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.holds
    }

    fn is_rule(&self) -> bool {
        self.subject.starts_with("-A ")
    }

    /// Whether the match called `name` is meant; `set` means every set.
    fn is_about(&self, name: &str) -> bool {
        let kind = name.split(' ').next().unwrap_or_default();
        self.subject == name || self.subject == kind
    }
}

/// The answer of those assumptions for the match `name` of `rule`; a rule that is named itself counts more.
pub(super) fn settle(
    assumptions: &[Assumption],
    name: &str,
    ruleset: &Ruleset,
    chain: &str,
    rule: RuleId,
) -> Option<bool> {
    if assumptions.is_empty() {
        return None;
    }
    let mut of_rule = assumptions.iter().filter(|assumption| assumption.is_rule()).peekable();
    if of_rule.peek().is_some() {
        let text = super::effect::rule_text(ruleset, chain, rule);
        if let Some(found) = of_rule.find(|assumption| assumption.subject == text) {
            return Some(found.holds);
        }
    }
    assumptions
        .iter()
        .find(|assumption| !assumption.is_rule() && assumption.is_about(name))
        .map(|found| found.holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assumptions_name_matches_sets_and_rules() {
        let limit = Assumption::parse("limit=yes").unwrap();
        assert!(limit.holds() && limit.is_about("limit"));
        assert!(Assumption::parse("set=no").unwrap().is_about("set banned"));
        assert!(!Assumption::parse("set other=no").unwrap().is_about("set banned"));
        let rule = Assumption::parse("-A INPUT -m limit --limit 5/sec -j ACCEPT=no").unwrap();
        assert_eq!((rule.subject(), rule.holds()), ("-A INPUT -m limit --limit 5/sec -j ACCEPT", false));
    }

    #[test]
    fn faults_say_what_to_do() {
        assert!(Assumption::parse("limit").unwrap_err().help().contains("=yes"));
        assert_eq!(Assumption::parse("limt=yes").unwrap_err().help(), "did you mean `limit`?");
    }
}
