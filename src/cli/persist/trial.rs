//! Trying scripts before they are installed, and their copies after.

use std::path::Path;

use super::copy::Copies;
use super::good::Good;
use super::unattended::quiet;
use crate::apply::Host;
use crate::cli::apply::give;
use crate::cli::args::PersistArgs;
use crate::cli::options::RunOptions;
use crate::cli::output;
use crate::cli::run::{self, RunResult};
use crate::cli::status::Stop;
use crate::diagnostic::{Diagnostic, Severity, Style};
use crate::model::Family;
use crate::report::{boot, canonical};

/// What scripts make of the ruleset that they are tried on.
pub(super) struct Trial {
    texts: Vec<Vec<u8>>,
    /// What is to be loaded at boot, by family.
    pub(super) boot: Vec<(Family, Vec<u8>)>,
    /// What stands in for the scripts should they fail.
    pub(super) good: Good,
    /// The sets that the scripts declare.
    sets: Vec<String>,
}

impl Trial {
    /// Runs them; what they print and what is to be said of them is told only where a style for it is given.
    pub(super) fn run(
        mut options: RunOptions,
        host: Option<&Host>,
        say: Option<Style>,
    ) -> Result<Self, Stop> {
        if let Some(host) = host {
            give(&mut options, host);
        }
        if say.is_none() {
            quiet(&mut options);
        }
        let results = run::results(&options).map_err(|(_, stop)| stop)?;
        let mut trial =
            Self { texts: Vec::new(), boot: Vec::new(), good: Good::of(&results)?, sets: Vec::new() };
        for RunResult { job, checked, sets, diagnostics, .. } in &results {
            if let Some(style) = say {
                output::say(diagnostics, style);
            }
            let (mut text, mut kept) = (Vec::new(), Vec::new());
            let written = canonical::write(checked, &mut text).and_then(|()| boot::write(checked, &mut kept));
            written.map_err(|error| Diagnostic::error("unwritable-output", error.to_string()))?;
            trial.texts.push(text);
            trial.sets.extend(sets.iter().map(|set| format!("`{}`", set.name)));
            trial.boot.push((job.family, kept));
        }
        Ok(trial)
    }

    /// Refuses scripts whose rules netfilter-persistent could not load, as nothing has made their sets so early.
    pub(super) fn refuse_sets(&self) -> Result<(), Diagnostic> {
        if self.sets.is_empty() {
            return Ok(());
        }
        let message =
            format!("netfilter-persistent loads no sets, and the rules need {}", self.sets.join(", "));
        Err(Diagnostic::error("sets-at-boot", message)
            .note("nothing was installed")
            .help("leave out `--method`: the unit makes the sets before the rules")
            .help("or have the script do without sets, such as `blocklist.rhai` by `-D ipset=false`"))
    }
}

/// Sees that the copies do what the scripts do: a module that was not found, for one, is missed now and not at boot.
pub(super) fn of_copies(
    args: &PersistArgs,
    copies: &Copies,
    folder: &Path,
    host: Option<&Host>,
    wanted: &Trial,
) -> Result<(), Diagnostic> {
    let given = copies.script_args(folder, args.script.time_limit);
    let options = RunOptions::trial(args, &copies.scripts(folder), &given)?;
    match Trial::run(options, host, None) {
        Ok(found) if found.texts == wanted.texts => Ok(()),
        Ok(_) => Err(incomplete(&[])),
        Err(stop) => Err(incomplete(&stop.diagnostics)),
    }
}

/// That the copies do not do what the scripts do.
fn incomplete(said: &[Diagnostic]) -> Diagnostic {
    let message = "the scripts do something else, or nothing, once they are copied";
    let error = Diagnostic::error("incomplete-copy", message).note("nothing was installed");
    let notes = said.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    notes
        .fold(error, |error, diagnostic| error.note(format!("the copies: {}", diagnostic.message)))
        .help("modules are copied whose names stand behind `import` in quotes; give the folder of others by --library")
}
