//! How grave findings are taken to be: `--deny`, `--warn` and `--allow`.

use super::report::Finding;
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};

/// Stands for the codes of all warnings.
const WARNINGS: &str = "warnings";

/// A code that no check has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no check has the code `{code}`")]
pub struct UnknownCode {
    /// The code.
    pub code: String,
    /// What it may have been meant to be.
    pub near: Option<&'static str>,
}

/// What was said of findings, the later word counting for more.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    said: Vec<(String, Level)>,
    /// Codes that scripts allow.
    allowed: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Deny,
    Warn,
    Allow,
}

impl Levels {
    /// Takes these codes for errors.
    ///
    /// # Errors
    /// [`UnknownCode`].
    pub fn deny(&mut self, codes: &[String]) -> Result<(), UnknownCode> {
        self.say(codes, Level::Deny)
    }

    /// Takes these codes for warnings.
    ///
    /// # Errors
    /// [`UnknownCode`].
    pub fn warn(&mut self, codes: &[String]) -> Result<(), UnknownCode> {
        self.say(codes, Level::Warn)
    }

    /// Says nothing of these codes.
    ///
    /// # Errors
    /// [`UnknownCode`].
    pub fn allow(&mut self, codes: &[String]) -> Result<(), UnknownCode> {
        self.say(codes, Level::Allow)
    }

    fn say(&mut self, codes: &[String], level: Level) -> Result<(), UnknownCode> {
        for code in codes {
            if code != WARNINGS {
                known(code)?;
            }
            self.said.push((code.clone(), level));
        }
        Ok(())
    }

    /// The same, where scripts allow findings of this code. What the user says of a code counts for more; what is said of
    /// all warnings counts for less, as a script gives its reason.
    ///
    /// # Errors
    /// [`UnknownCode`].
    pub fn allowed_by_script(&mut self, code: &str) -> Result<(), UnknownCode> {
        known(code)?;
        self.allowed.push(code.to_owned());
        Ok(())
    }

    /// What other stages said of the run, at its levels.
    #[must_use]
    pub fn grade(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let finding = |diagnostic: Diagnostic| Finding { diagnostic, introduced: true, inherited: false };
        self.apply(diagnostics.into_iter().map(finding).collect())
    }

    /// Whether a lint is asked for by its code, so that what the input had already counts too.
    pub(super) fn asks_for_lints(&self) -> bool {
        self.said.iter().any(|(code, level)| {
            *level != Level::Allow && super::lints::LINTS.iter().any(|lint| lint.code == code)
        })
    }

    /// The findings at their levels. What scripts introduced and the kernel refuses stays an error whatever is said.
    pub(super) fn apply(&self, findings: Vec<Finding>) -> Vec<Diagnostic> {
        findings.into_iter().filter_map(|finding| self.level(finding)).collect()
    }

    fn level(&self, finding: Finding) -> Option<Diagnostic> {
        let mut diagnostic = finding.diagnostic;
        let settled = finding.introduced || super::is_unreadable(diagnostic.code);
        if settled && diagnostic.severity == Severity::Error {
            return Some(diagnostic);
        }
        let warning = diagnostic.severity == Severity::Warning;
        let is_named = || self.said.iter().any(|(code, _)| code == diagnostic.code);
        let is_allowed = || self.allowed.iter().any(|code| code == diagnostic.code);
        if (finding.inherited || is_allowed()) && !is_named() {
            return None;
        }
        let said =
            self.said.iter().rev().find(|(code, _)| code == diagnostic.code || (warning && code == WARNINGS));
        match said.map(|(_, level)| *level) {
            Some(Level::Allow) => return None,
            Some(Level::Deny) => diagnostic.severity = Severity::Error,
            Some(Level::Warn) => diagnostic.severity = Severity::Warning,
            None => {}
        }
        Some(diagnostic)
    }
}

fn known(code: &str) -> Result<(), UnknownCode> {
    if super::codes().any(|known| known == code) {
        return Ok(());
    }
    Err(UnknownCode { code: code.to_owned(), near: did_you_mean(code, super::codes()) })
}
