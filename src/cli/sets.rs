//! The sets of addresses that scripts declare, as a run plans them, shows them and prints them.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::input::Input;
use super::options::{RunOptions, suffixed};
use super::output::Destination;
use super::result::RunResult;
use crate::apply::{self, Ipset, SetPlan, Wanted};
use crate::diagnostic::{Diagnostic, Style};
use crate::report::sets::{self, SetDiff};
use crate::save;
use crate::script::IpSet;

/// What is to change in the host's sets.
pub(super) fn plan<'r>(
    results: &'r [RunResult<'_>],
    state_dir: &Path,
    folder: Option<&Path>,
) -> Result<SetPlan<'r>, Diagnostic> {
    let wanted = Wanted {
        declared: results.iter().flat_map(|result| &result.sets).collect(),
        owners: results.iter().flat_map(|result| &result.owners).map(String::as_str).collect(),
        families: results.iter().map(|result| result.job.family).collect(),
    };
    let owned = apply::owned_sets(state_dir)?;
    if wanted.declared.is_empty() && owned.is_empty() {
        return Ok(SetPlan::default());
    }
    apply::plan_sets(&wanted, &owned, Ipset::find(folder), || named(results))
}

/// The sets that the rules of the results name.
fn named(results: &[RunResult<'_>]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for result in results {
        let mut text = Vec::new();
        // Memory takes all that is written.
        let _ = save::write(result.checked.ruleset(), &mut text);
        names.extend(apply::named_sets(&String::from_utf8_lossy(&text)).into_iter().map(str::to_owned));
    }
    names
}

/// The plan where the rulesets are the host's; an empty one elsewhere, as what a dump's host has is not known.
pub(super) fn plan_if_live<'r>(
    options: &RunOptions,
    results: &'r [RunResult<'_>],
) -> Result<SetPlan<'r>, Diagnostic> {
    let folder = options.jobs.iter().find_map(|job| match &job.input {
        Input::Live(folder) => Some(folder.as_deref()),
        _ => None,
    });
    folder.map_or_else(|| Ok(SetPlan::default()), |folder| plan(results, &options.state_dir, folder))
}

/// Writes what changes in the sets.
pub(super) fn write_diff(plan: &SetPlan<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut out = out;
    for set in &plan.sets {
        let (added, removed) = set.entries();
        let diff = SetDiff {
            name: &set.name,
            family: set.family.as_str(),
            kind: set.kind(),
            added: &added,
            removed: &removed,
            origin: set.origin,
        };
        sets::write_diff(&diff, style, &mut out)?;
    }
    Ok(())
}

/// What changes in the sets, for programs.
pub(super) fn json(plan: &SetPlan<'_>) -> Vec<Value> {
    let value = |set: &apply::PlannedSet<'_>| {
        let (added, removed) = set.entries();
        json!({
            "name": set.name,
            "family": set.family.as_str(),
            "kind": set.kind(),
            "added": added.len(),
            "removed": removed.len(),
        })
    };
    plan.sets.iter().map(value).collect()
}

/// Writes the sets of each family to the file that was asked for; with both to `FILE.v4` and `FILE.v6`.
pub(super) fn write_files(file: &Path, results: &[RunResult<'_>]) -> Result<(), Diagnostic> {
    for result in results {
        let path: PathBuf =
            if results.len() > 1 { suffixed(file, result.job.family) } else { file.to_owned() };
        Destination::File(path).write(|mut out| sets::write_text(&result.sets, &mut out))?;
    }
    Ok(())
}

/// That a text of rules needs sets that it cannot hold.
pub(super) fn not_printed(declared: &[IpSet]) -> Option<Diagnostic> {
    if declared.is_empty() {
        return None;
    }
    let names: Vec<String> = declared.iter().map(|set| format!("`{}`", set.name)).collect();
    let message =
        format!("text for iptables-restore cannot hold sets: {} must be there first", names.join(", "));
    Some(
        Diagnostic::warning("sets-not-printed", message).help(
            "`--sets FILE` writes them as text for `ipset -exist restore`; `--apply` makes them itself",
        ),
    )
}
