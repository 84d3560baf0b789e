//! The standard streams, and files that are written whole or not at all.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use super::status::Status;
use crate::diagnostic::{Diagnostic, Style};
use crate::report::diagnostics;

/// Where a result goes.
#[derive(Clone, Debug)]
pub(super) enum Destination {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl Destination {
    /// Writes what `print` prints.
    pub(super) fn write(
        &self,
        print: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Diagnostic> {
        let (name, result) = match self {
            Self::Stdout => ("standard output".into(), to_stdout(print)),
            Self::File(path) => (path.display().to_string(), to_file(path, print)),
        };
        result.map_err(|error| {
            Diagnostic::error("unwritable-output", format!("`{name}` cannot be written: {error}"))
                .help("nothing else was changed; see to the file and run this again")
        })
    }
}

/// Writes to standard output. A reader that has seen enough and closed the pipe is no fault.
pub(super) fn to_stdout(print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let result = print(&mut out).and_then(|()| out.flush());
    if let Err(error) = &result {
        // What is left in the buffer must not be tried again when it is dropped.
        let _ = out.into_parts();
        if error.kind() == ErrorKind::BrokenPipe {
            return Ok(());
        }
    }
    result
}

/// Prints diagnostics on standard error; there is nobody to tell if that fails.
pub(super) fn say(diagnostics: &[Diagnostic], style: Style) {
    let _ = diagnostics::write(diagnostics, style, &mut BufWriter::new(io::stderr().lock()));
}

/// Prints text on standard output, the answer of a small subcommand.
pub(super) fn print(text: &str) -> Status {
    match Destination::Stdout.write(|out| out.write_all(text.as_bytes())) {
        Ok(()) => Status::Done,
        Err(diagnostic) => {
            say(&[diagnostic], Style::Plain);
            Status::Failed
        }
    }
}

/// Prints what clap answers to the arguments: help, the version, or what is wrong with them.
pub(super) fn usage(answer: &clap::Error) -> Status {
    let _ = answer.print();
    if answer.use_stderr() { Status::Failed } else { Status::Done }
}

fn to_file(path: &Path, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // A link stays, and the file that it leads to is written.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(&path) {
        Ok(old) if old.is_file() => replace(&path, Some(&old), print),
        // Devices and pipes cannot be replaced.
        Ok(_) => write_through(&OpenOptions::new().write(true).open(&path)?, print),
        Err(error) if error.kind() == ErrorKind::NotFound => replace(&path, None, print),
        Err(error) => Err(error),
    }
}

/// Writes a temporary file beside `path` and renames it: a reader, or a crash, meets the old file or the new one.
fn replace(
    path: &Path,
    old: Option<&Metadata>,
    print: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mode = old.map_or(0o666, |old| old.mode() & 0o7777);
    // A new file gets what the umask leaves; one that replaces another, what that one had, once it is complete.
    let start = if old.is_some() { 0o600 } else { mode };
    let file = tempfile::Builder::new()
        .prefix(".dwscript-")
        .permissions(Permissions::from_mode(start))
        .tempfile_in(folder)?;
    write_through(file.as_file(), print)?;
    if let Some(old) = old {
        let new = file.as_file().metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            fchown(file.as_file(), Some(old.uid()), Some(old.gid()))?;
        }
        file.as_file().set_permissions(Permissions::from_mode(mode))?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

fn write_through(file: &File, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, file);
    print(&mut out)?;
    out.flush()
}
