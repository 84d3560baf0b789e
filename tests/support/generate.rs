//! Large rulesets, made by `tests/lab/gen_ruleset.py` and kept beside the build's other files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The file of a generated ruleset; `options` are the script's, as in `docker 1000 --counters`.
///
/// # Errors
/// Why it cannot be made: a few words, as in "needs python3".
pub(crate) fn generate(options: &str) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rulesets");
    let file = folder.join(format!("{}.rules", options.replace(' ', "-")));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/gen_ruleset.py");
    if is_newer(&file, &script) {
        return Ok(file);
    }
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let part = folder.join(format!("{}-{}.part", std::process::id(), options.replace(' ', "-")));
    let out = File::create(&part).map_err(|error| error.to_string())?;
    let status = Command::new("python3").arg(script).args(options.split(' ')).stdout(out).status();
    if !status.map_err(|_| "needs python3".to_owned())?.success() {
        return Err(format!("gen_ruleset.py {options} failed"));
    }
    fs::rename(&part, &file).map_err(|error| error.to_string())?;
    Ok(file)
}

fn is_newer(file: &Path, other: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    changed(file).is_ok_and(|time| changed(other).is_ok_and(|other| time > other))
}
