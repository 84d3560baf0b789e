//! Files that are there whole or not at all, whatever happens to the machine meanwhile.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// How temporary files and folders begin.
pub(super) const TEMPORARY: &str = ".new-";

/// Writes a new file that only its owner reads, and flushes it to the disk; the folder it is in is to be flushed yet.
pub(super) fn create(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(folder.join(name))?;
    file.write_all(bytes)?;
    if bytes.is_empty() { Ok(()) } else { file.sync_all() }
}

/// Writes a file with this mode, whether it is there or not: a reader, or a crash, meets the old one or the new one.
///
/// # Errors
/// What the system says.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = OsString::from(TEMPORARY);
    temporary.push(name);
    let temporary = folder.join(temporary);
    // One that a crash left behind.
    let _ = fs::remove_file(&temporary);
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_folder(folder)
}

/// Flushes the names in a folder to the disk.
///
/// # Errors
/// What the system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes a folder, and those above it, that only its owner enters; their names are on the disk then.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let made: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    made.iter()
        .filter_map(|folder| folder.parent())
        .try_for_each(|above| sync_folder(if above.as_os_str().is_empty() { Path::new(".") } else { above }))
}
