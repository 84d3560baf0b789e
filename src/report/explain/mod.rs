//! What codes mean, and what to do: the long form of each message that a user can meet.
//!
//! Those of lints stand beside the lint. The others stand here, one file a subject: `# code`, a line on what it says, and
//! the rest.

use crate::check::LINTS;

/// The subjects.
const SUBJECTS: [&str; 7] = [
    include_str!("packets.md"),
    include_str!("text.md"),
    include_str!("rules.md"),
    include_str!("ruleset.md"),
    include_str!("scripts.md"),
    include_str!("apply.md"),
    include_str!("program.md"),
];

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// What it says, in one line.
    pub about: &'static str,
    /// The reason, and the right way, as Markdown.
    pub text: &'static str,
}

/// The explanation of a code.
#[must_use]
pub fn find(code: &str) -> Option<Explanation> {
    all().find(|explanation| explanation.code == code)
}

/// All explanations: lints first, then the others by subject.
pub fn all() -> impl Iterator<Item = Explanation> {
    let lints = LINTS.iter().map(|lint| Explanation {
        code: lint.code,
        about: lint.about,
        text: lint.explanation.trim(),
    });
    lints.chain(SUBJECTS.iter().flat_map(|subject| sections(subject)))
}

/// The explanations of a subject.
fn sections(subject: &'static str) -> impl Iterator<Item = Explanation> {
    let sections = subject.split("\n# ").map(|section| section.strip_prefix("# ").unwrap_or(section));
    sections.filter_map(|section| {
        let (code, rest) = section.split_once('\n')?;
        let (about, text) = rest.trim().split_once('\n').unwrap_or((rest.trim(), ""));
        Some(Explanation { code: code.trim(), about, text: text.trim() })
    })
}
