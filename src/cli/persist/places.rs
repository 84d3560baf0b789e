//! Where things are installed, and writing them whole or not at all.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::apply::{replace_file, sync_folder};
use crate::diagnostic::Diagnostic;
use crate::model::Family;

/// How a file of ours begins.
pub(super) const HEAD: &str = "# Written by `dwscript persist`";
/// What is put behind the name of a file that was there before.
const BEFORE: &str = ".before-dwscript";

/// The paths below a root.
pub(super) struct Places {
    root: PathBuf,
}

impl Places {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Whether it is this host and no image of another one.
    pub(super) fn is_host(&self) -> bool {
        self.root == Path::new("/")
    }

    /// The folder of scripts and parameters, which is wholly ours, as the host that boots knows it.
    pub(super) fn folder_at_boot() -> PathBuf {
        PathBuf::from("/etc/dwscript/boot")
    }

    /// The same as it is written now.
    pub(super) fn folder(&self) -> PathBuf {
        self.below(&Self::folder_at_boot())
    }

    /// The file of a unit.
    pub(super) fn unit(&self, name: &str) -> PathBuf {
        self.below(&Path::new("/etc/systemd/system").join(name))
    }

    /// The state directory.
    pub(super) fn state_dir(&self, path: &Path) -> PathBuf {
        if self.is_host() { path.to_owned() } else { self.below(path) }
    }

    /// What netfilter-persistent loads.
    pub(super) fn rules(&self, family: Family) -> PathBuf {
        self.below(Path::new(match family {
            Family::Ipv4 => "/etc/iptables/rules.v4",
            Family::Ipv6 => "/etc/iptables/rules.v6",
        }))
    }

    fn below(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }
}

/// What cannot be written.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error("unwritable-output", format!("`{}` cannot be written: {error}", path.display()))
        .help("make it writable and run this again")
}

/// Makes a folder and those above it.
pub(super) fn make_folder(path: &Path, mode: u32) -> Result<(), Diagnostic> {
    let done = DirBuilder::new().recursive(true).mode(mode).create(path);
    done.map_err(|error| unwritable(path, &error))
}

/// Writes a file with this mode: a reader, or a crash, meets the old one or the new one.
pub(super) fn write(path: &Path, text: &[u8], mode: u32) -> Result<(), Diagnostic> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    make_folder(folder, 0o755)?;
    replace_file(path, text, mode).map_err(|error| unwritable(path, &error))
}

/// Writes a value as JSON.
pub(super) fn write_json(path: &Path, value: &impl Serialize, mode: u32) -> Result<(), Diagnostic> {
    let text = serde_json::to_vec_pretty(value).map_err(|error| unwritable(path, &error.into()))?;
    write(path, &text, mode)
}

/// Puts `new` in the place of a folder.
pub(super) fn swap_folder(new: &Path, place: &Path) -> Result<(), Diagnostic> {
    let swapped = || {
        let old = place.with_extension("old");
        remove_folder(&old)?;
        if place.exists() {
            fs::rename(place, &old)?;
        }
        fs::rename(new, place)?;
        sync_folder(place.parent().unwrap_or(Path::new("/")))?;
        remove_folder(&old)
    };
    swapped().map_err(|error| unwritable(place, &error))
}

/// Takes a folder away, if it is there.
pub(super) fn remove_folder(path: &Path) -> io::Result<()> {
    if path.exists() { fs::remove_dir_all(path) } else { Ok(()) }
}

/// Whether a file is one that `persist` wrote.
pub(super) fn is_ours(path: &Path) -> bool {
    fs::read(path).is_ok_and(|text| text.starts_with(HEAD.as_bytes()))
}

/// Copies a file that is not ours and will be replaced; where the copy is.
pub(super) fn keep_aside(path: &Path) -> Result<Option<PathBuf>, Diagnostic> {
    if !path.exists() || is_ours(path) {
        return Ok(None);
    }
    let aside = aside_of(path);
    fs::copy(path, &aside).map_err(|error| unwritable(&aside, &error))?;
    Ok(Some(aside))
}

/// Takes a file of ours away, and puts back what was there before.
pub(super) fn take_away(path: &Path) -> Result<bool, Diagnostic> {
    if !is_ours(path) {
        return Ok(false);
    }
    let aside = aside_of(path);
    let taken = if aside.exists() { fs::rename(&aside, path) } else { fs::remove_file(path) };
    taken.map_err(|error| unwritable(path, &error))?;
    Ok(true)
}

fn aside_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(BEFORE);
    name.into()
}
