//! Whether others than its owner and root could have written a script: what it says becomes the host's firewall.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::diagnostic::Diagnostic;

const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Looks at a script and the folders above it.
///
/// # Errors
/// That others can write one of them, or that it belongs to neither root nor the script's owner.
pub fn check(script: &Path) -> Result<(), Diagnostic> {
    // A missing file is told when it is read.
    let Ok(path) = fs::canonicalize(script) else { return Ok(()) };
    let owner = fs::metadata(&path).map_or(0, |metadata| metadata.uid());
    path.ancestors().try_for_each(|path| check_one(script, path, owner))
}

fn check_one(script: &Path, path: &Path, owner: u32) -> Result<(), Diagnostic> {
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    // In a sticky folder such as /tmp nobody renames or removes what is another's.
    let is_shared = metadata.is_dir() && metadata.mode() & STICKY != 0;
    let others = metadata.mode() & (OTHERS_WRITE | GROUP_WRITES) != 0;
    let stranger = metadata.uid() != 0 && metadata.uid() != owner;
    if (others && !is_shared) || stranger {
        let what = if metadata.is_dir() { "folder" } else { "script" };
        let message = format!("others than its owner and root can write the {what} `{}`", path.display());
        return Err(Diagnostic::error("untrusted-script", message)
            .note(format!("`{}` would become the host's firewall", script.display()))
            .help(format!("`chmod go-w {}`, or apply it all the same by --trust", path.display())));
    }
    Ok(())
}
