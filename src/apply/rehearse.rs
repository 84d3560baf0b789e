//! The rehearsal: the whole ruleset is loaded for real, in a network namespace of its own, by the host's own programs.
//!
//! Whatever the kernel would refuse is refused there, before anything changed; and what is read back is the kernel's own
//! spelling of the rules.

use std::path::Path;

use super::blame;
use super::ipset;
use super::process::{Finished, ProcessError};
use super::scratch::Scratch;
use super::set_plan;
use super::sets;
use super::tools::{Backend, Tools, limit, stem, system_program};
use crate::diagnostic::Diagnostic;
use crate::model::Ruleset;
use crate::save;
use crate::script::IpSet;

/// What came of a rehearsal.
#[derive(Clone, Debug)]
pub enum Rehearsed {
    /// The ruleset as the kernel spells it.
    Text(Vec<u8>),
    /// It could not be rehearsed, for this reason.
    LeftOut(Diagnostic),
}

/// Loads a ruleset in a scratch namespace, with the sets that scripts declared and those that rules name.
///
/// # Errors
/// That the kernel refuses it, with the script line that made the rule.
pub fn rehearse(ruleset: &Ruleset, tools: &Tools, declared: &[IpSet]) -> Result<Rehearsed, Diagnostic> {
    let mut text = Vec::new();
    save::write(ruleset, &mut text).map_err(|error| Diagnostic::error("no-rehearsal", error.to_string()))?;
    let shown = String::from_utf8_lossy(&text);
    if shown.contains("-m nfacct") {
        let message = "the rules name nfacct objects, which a scratch namespace does not have: no rehearsal";
        return Ok(Rehearsed::LeftOut(Diagnostic::warning("not-rehearsed", message)));
    }
    let mut names = sets::named(&shown);
    names.retain(|name| !declared.iter().any(|set| set.name == *name));
    let sets = if names.is_empty() { Vec::new() } else { sets::creation(&names) };
    let stage = Stage { tools, sets, declared: set_plan::creation(declared) };
    let (scratch, loaded) = stage.load(text.clone())?;
    if !loaded.status.success() {
        return Err(stage.refused(ruleset, &text, &loaded));
    }
    let limit = limit(text.len()) * 4;
    let saved = scratch.run(&tools.save, &[], Vec::new(), limit).map_err(|error| hung(&error))?;
    if saved.status.success() {
        return Ok(Rehearsed::Text(saved.stdout));
    }
    let message = format!("`{}` failed in the rehearsal: {}", tools.save.display(), saved.ending());
    Err(Diagnostic::error("no-rehearsal", message).note(saved.stderr))
}

/// What a rehearsal needs.
struct Stage<'t> {
    tools: &'t Tools,
    /// What makes the sets that the host has and rules name.
    sets: Vec<u8>,
    /// What makes the sets that scripts declared.
    declared: Vec<u8>,
}

impl Stage<'_> {
    /// Loads a text in a fresh namespace.
    fn load(&self, text: Vec<u8>) -> Result<(Scratch, Finished), Diagnostic> {
        let scratch = Scratch::new()?;
        let program = system_program("ipset");
        if let Some(ipset) = program.as_deref().filter(|_| !self.sets.is_empty()) {
            scratch.run(ipset, &["restore"], self.sets.clone(), limit(0)).map_err(|error| hung(&error))?;
        }
        if !self.declared.is_empty() {
            self.declare(&scratch, program.as_deref().ok_or_else(ipset::missing)?)?;
        }
        let limit = limit(text.len());
        let loaded = scratch.run(&self.tools.restore, &[], text, limit).map_err(|error| hung(&error))?;
        Ok((scratch, loaded))
    }

    /// Makes the sets that scripts declared.
    fn declare(&self, scratch: &Scratch, ipset: &Path) -> Result<(), Diagnostic> {
        let limit = limit(self.declared.len());
        let made =
            scratch.run(ipset, &["restore"], self.declared.clone(), limit).map_err(|error| hung(&error))?;
        if made.status.success() {
            return Ok(());
        }
        let message = format!("the kernel refuses the sets that the scripts declare: {}", made.ending());
        let refused = made.words().fold(Diagnostic::error("kernel-refused", message), Diagnostic::note);
        Err(refused.note("this was a rehearsal: nothing was changed"))
    }

    /// What the kernel said, with the line that made the rule.
    fn refused(&self, ruleset: &Ruleset, text: &[u8], loaded: &Finished) -> Diagnostic {
        let program = file_name(&self.tools.restore, stem(ruleset.family()));
        let message =
            format!("the kernel refuses what the scripts made: `{program}` ended with {}", loaded.ending());
        let refused = Diagnostic::error("kernel-refused", message);
        let refused = loaded.words().fold(refused, Diagnostic::note);
        let blamed = blame::line(&loaded.stderr)
            .and_then(|line| blame::rule(ruleset, text, line))
            .or_else(|| self.search(ruleset, text));
        let refused = match blamed {
            Some(blamed) => blamed.put(refused),
            None => refused,
        };
        refused.note("this was a rehearsal: nothing was changed")
    }

    /// Finds the rule by leaving others out, where the program does not name its line: the legacy backend names that of
    /// COMMIT.
    fn search<'r>(&self, ruleset: &'r Ruleset, text: &[u8]) -> Option<blame::Blamed<'r>> {
        if self.tools.backend != Backend::Legacy {
            return None;
        }
        let added = blame::added(ruleset, text);
        let loads = |count: usize| {
            let left_out = added.get(count..).unwrap_or_default();
            let some = blame::without(text, left_out);
            self.load(some).is_ok_and(|(_, loaded)| loaded.status.success())
        };
        // INVARIANT: the first `good` rules load, the first `bad` do not.
        let (mut good, mut bad) = (0, added.len());
        if bad == 0 || !loads(0) {
            return None;
        }
        while bad - good > 1 {
            let middle = usize::midpoint(good, bad);
            if loads(middle) { good = middle } else { bad = middle }
        }
        blame::rule(ruleset, text, *added.get(good)?)
    }
}

fn file_name(path: &Path, other: &str) -> String {
    path.file_name().map_or_else(|| other.to_owned(), |name| name.to_string_lossy().into_owned())
}

fn hung(error: &ProcessError) -> Diagnostic {
    Diagnostic::error("no-rehearsal", format!("the rehearsal failed: {error}"))
        .note("nothing was changed")
        .help("leave the rehearsal out by --no-rehearse")
}
