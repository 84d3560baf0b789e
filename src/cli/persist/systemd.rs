//! Telling systemd, where it runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::places::Places;
use super::unit::NAME;
use crate::diagnostic::Diagnostic;

/// Where systemctl is; the path that is searched for programs is not asked.
const PROGRAMS: [&str; 2] = ["/usr/bin/systemctl", "/bin/systemctl"];

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

/// Enables the unit; what is to be said of that.
pub(super) fn enable(places: &Places) -> Result<String, Diagnostic> {
    let Some(program) = systemctl(places) else {
        return Ok(format!("systemd does not run here: on the host run `systemctl enable {NAME}`"));
    };
    call(&program, &["daemon-reload"])?;
    call(&program, &["enable", NAME])?;
    Ok(format!("enabled {NAME}; `systemctl restart {NAME}` runs it now"))
}

/// Disables the unit; what is to be said of that.
pub(super) fn disable(places: &Places) -> Result<Option<String>, Diagnostic> {
    let Some(program) = systemctl(places) else {
        return Ok(Some(format!("systemd does not run here: on the host run `systemctl disable {NAME}`")));
    };
    call(&program, &["disable", NAME]).map(|_| None)
}

/// Has systemd read its units again.
pub(super) fn reload(places: &Places) -> Result<(), Diagnostic> {
    systemctl(places).map_or(Ok(()), |program| call(&program, &["daemon-reload"]).map(drop))
}

/// What systemd says of the unit, by line; nothing where it does not run.
pub(super) fn state(places: &Places) -> Option<String> {
    let program = systemctl(places)?;
    let properties = ["show", NAME, "--property=UnitFileState,ActiveState,Result"];
    let said = call(&program, &properties);
    Some(said.map_or_else(|error| error.message, |said| said.to_lowercase().replace('=', ": ")))
}
