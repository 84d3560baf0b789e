//! `persist --status`: what is installed, how its last run ended, and what has changed since.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use super::good::Good;
use super::last::{Last, Outcome};
use super::manifest::{Change, Manifest};
use super::places::{self, Places};
use super::unattended::quiet;
use super::{systemd, unit};
use crate::apply::{STATE_DIR, is_root};
use crate::cli::apply::give;
use crate::cli::history::spelled;
use crate::cli::options::RunOptions;
use crate::cli::run;
use crate::cli::status::Stop;
use crate::delta;
use crate::model::Family;

/// How it stands.
#[derive(Debug, Serialize)]
pub(super) struct Standing {
    version: u32,
    pub(super) installed: bool,
    units: Vec<Unit>,
    /// What netfilter-persistent loads.
    rules: Vec<PathBuf>,
    last_run: Option<Last>,
    /// When the last good result was made, in seconds since 1970.
    last_good: Option<u64>,
    changed_sources: Vec<ChangedSource>,
    drift: Option<Drift>,
}

#[derive(Debug, Serialize)]
struct Unit {
    name: &'static str,
    path: PathBuf,
    runs: String,
    #[serde(flatten)]
    state: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
struct ChangedSource {
    path: PathBuf,
    change: Change,
}

/// What the installed scripts would change in the live rules.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Drift {
    /// How many lines, by family.
    Lines(BTreeMap<&'static str, usize>),
    /// It is not known, and why.
    Unknown(String),
}

impl Standing {
    pub(super) fn of(places: &Places) -> Self {
        let manifest = Manifest::read(&places.folder());
        let units = [unit::NAME, unit::EARLY].into_iter().filter_map(|name| unit_of(places, name));
        let units: Vec<Unit> = units.collect();
        let rules = [Family::Ipv4, Family::Ipv6].map(|family| places.rules(family));
        let rules: Vec<PathBuf> = rules.into_iter().filter(|path| places::is_ours(path)).collect();
        let state_dir = manifest.as_ref().map_or(STATE_DIR.into(), |manifest| manifest.state_dir.clone());
        let state_dir = places.state_dir(&state_dir);
        let changed = manifest.as_ref().map(|manifest| manifest.changed(&places.folder()));
        let installed = !units.is_empty() || !rules.is_empty();
        Self {
            version: 1,
            installed,
            units,
            rules,
            last_run: Last::read(&state_dir).filter(|_| installed),
            last_good: Good::read(&state_dir).ok().flatten().filter(|_| installed).map(|good| good.time()),
            changed_sources: changed
                .into_iter()
                .flatten()
                .map(|(path, change)| ChangedSource { path, change })
                .collect(),
            drift: manifest.filter(|_| places.is_host()).and_then(|manifest| drift(&manifest)),
        }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let mut said = Vec::new();
        if !self.installed {
            return vec!["nothing is installed".to_owned()];
        }
        for unit in &self.units {
            said.extend([format!("unit: {}", unit.path.display()), format!("runs: {}", unit.runs)]);
            said.extend(unit.state.iter().map(|(name, value)| format!("{name}: {value}")));
        }
        said.extend(self.rules.iter().map(|path| format!("rules at boot: {}", path.display())));
        match &self.last_run {
            Some(last) => said.extend(last_lines(last)),
            None => said.push("last run: none yet".to_owned()),
        }
        said.push(match self.last_good {
            Some(time) => format!("last good result: {}", spelled(time)),
            None => "last good result: none".to_owned(),
        });
        said.extend(self.changed_sources.iter().map(|source| {
            let what = match source.change {
                Change::Differs => "differs from its installed copy",
                Change::Gone => "is gone; its copy is installed",
            };
            format!("source: {} {what}", source.path.display())
        }));
        if self.changed_sources.is_empty() {
            said.push("sources: as they were installed".to_owned());
        }
        said.extend(self.drift.as_ref().map(Drift::line));
        said
    }
}

fn last_lines(last: &Last) -> Vec<String> {
    let time = spelled(last.time);
    let what = match (last.outcome, last.fallback) {
        (Outcome::Applied, _) => "the scripts' rules are on".to_owned(),
        (Outcome::FellBack, Some(good)) => {
            format!("the scripts failed; their last good result, of {}, stands in for them", spelled(good))
        }
        (Outcome::FellBack | Outcome::Failed, _) => "failed".to_owned(),
    };
    let errors = last.errors.iter().map(|error| format!("because: {error}"));
    std::iter::once(format!("last run: {time}: {what}")).chain(errors).collect()
}

fn unit_of(places: &Places, name: &'static str) -> Option<Unit> {
    let path = places.unit(name);
    let runs = unit::command(&fs::read_to_string(&path).ok()?)?.to_owned();
    Some(Unit { name, path, runs, state: systemd::state(places, name) })
}

impl Drift {
    fn line(&self) -> String {
        match self {
            Self::Unknown(why) => format!("drift: not known: {why}"),
            Self::Lines(lines) if lines.values().all(|count| *count == 0) => {
                "drift: none, the live rules are what the scripts make".to_owned()
            }
            Self::Lines(lines) => {
                let counts = lines.iter().map(|(family, count)| format!("{count} of {family}"));
                let counts: Vec<String> = counts.collect();
                format!(
                    "drift: {} lines differ from what the scripts make; `systemctl restart {}` puts them right",
                    counts.join(" and "),
                    unit::NAME
                )
            }
        }
    }
}

/// Runs the installed scripts on the live rules; nothing where that may not be.
fn drift(manifest: &Manifest) -> Option<Drift> {
    let args = manifest.args().filter(|_| is_root())?;
    let lines = || -> Result<BTreeMap<&'static str, usize>, Stop> {
        let mut options = RunOptions::trial(&args, &args.scripts, &args.script)?;
        quiet(&mut options);
        if let Some(host) = super::host(&args, &options)? {
            give(&mut options, &host);
        }
        let results = run::results(&options).map_err(|(_, stop)| stop)?;
        let count = |delta: delta::Delta| delta.tables().iter().map(|table| table.lines().len()).sum();
        Ok(results
            .iter()
            .map(|result| (result.job.family.as_str(), count(delta::forward(result.checked.ruleset()))))
            .collect())
    };
    Some(match lines() {
        Ok(lines) => Drift::Lines(lines),
        Err(stop) => {
            let why = stop.diagnostics.last().map(|error| format!("{}: {}", error.code, error.message));
            Drift::Unknown(why.unwrap_or_default())
        }
    })
}
