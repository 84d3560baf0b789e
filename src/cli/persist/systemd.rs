//! Telling systemd, where it runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::places::Places;
use crate::diagnostic::Diagnostic;

/// Where systemctl is; the path that is searched for programs is not asked.
const PROGRAMS: [&str; 2] = ["/usr/bin/systemctl", "/bin/systemctl"];
/// What is asked of a unit, and what it is called when it is told.
const PROPERTIES: [(&str, &str); 3] =
    [("UnitFileState", "enabled"), ("ActiveState", "active"), ("Result", "result")];

/// `systemctl`, if systemd runs and this is its host.
fn systemctl(places: &Places) -> Option<PathBuf> {
    let runs = places.is_host() && Path::new("/run/systemd/system").is_dir();
    runs.then(|| PROGRAMS.iter().map(PathBuf::from).find(|path| path.exists())).flatten()
}

/// Runs `systemctl`; what it prints on standard output.
fn call(program: &Path, words: &[&str]) -> Result<String, Diagnostic> {
    let failed = |why: String| {
        let said = words.join(" ");
        Diagnostic::error("systemctl-failed", format!("`systemctl {said}` failed: {why}"))
            .help(format!("the files are written: see to it and run `systemctl {said}`"))
    };
    let output = Command::new(program).args(words).stdin(Stdio::null()).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

/// Enables units; what is to be said of that.
pub(super) fn enable(places: &Places, units: &[&str]) -> Result<String, Diagnostic> {
    let names = units.join(" ");
    let Some(program) = systemctl(places) else {
        return Ok(format!("systemd does not run here: on the host run `systemctl enable {names}`"));
    };
    call(&program, &["daemon-reload"])?;
    call(&program, &[&["enable"], units].concat())?;
    let first = units.first().copied().unwrap_or_default();
    Ok(format!("enabled {names}; `systemctl restart {first}` runs it now"))
}

/// Disables a unit; what is to be said of that.
pub(super) fn disable(places: &Places, unit: &str) -> Result<Option<String>, Diagnostic> {
    let Some(program) = systemctl(places) else {
        return Ok(Some(format!("systemd does not run here: on the host run `systemctl disable {unit}`")));
    };
    call(&program, &["disable", unit]).map(|_| None)
}

/// Has systemd read its units again, and forget that the one that was taken away had failed.
pub(super) fn forget(places: &Places, unit: &str) -> Result<(), Diagnostic> {
    let Some(program) = systemctl(places) else { return Ok(()) };
    call(&program, &["daemon-reload"])?;
    // A unit that did not fail is none that systemd knows any more.
    let _ = call(&program, &["reset-failed", unit]);
    Ok(())
}

/// What systemd says of a unit, by name; nothing where it does not run.
pub(super) fn state(places: &Places, unit: &str) -> BTreeMap<&'static str, String> {
    let Some(program) = systemctl(places) else { return BTreeMap::new() };
    let names: Vec<&str> = PROPERTIES.iter().map(|(name, _)| *name).collect();
    let said = call(&program, &["show", unit, &format!("--property={}", names.join(","))]);
    let said = said.unwrap_or_default();
    let values = said.lines().filter_map(|line| line.split_once('='));
    let known = values.filter_map(|(name, value)| {
        let (_, told) = PROPERTIES.iter().find(|(known, _)| *known == name)?;
        Some((*told, value.to_owned()))
    });
    known.collect()
}
