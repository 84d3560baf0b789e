//! Where a ruleset comes from, and reading it.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::live;
use super::snapshot::Snapshot;
use super::status::Stop;
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::model::{Family, Ruleset};
use crate::samples::{SAMPLES, Sample};
use crate::save;
use crate::source::{SourceFile, Span};

/// Where a ruleset comes from.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// The kernel, by the `iptables-save` in this folder or in the system's.
    Live(Option<PathBuf>),
    /// A dump.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// A built-in capture.
    Sample(&'static Sample),
    /// A captured host.
    Snapshot(Arc<Snapshot>),
    /// The live ruleset, which was read already: the name that messages call it by, and its text.
    Read(&'static str, Vec<u8>),
}

/// A ruleset as it was read, and what is to be said of its text.
pub(super) struct Read {
    pub(super) ruleset: Ruleset,
    /// Whether printing it gives the very bytes that were read.
    pub(super) verbatim: bool,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Input {
    /// Reads the ruleset of one family.
    pub(super) fn read(&self, family: Family) -> Result<Read, Stop> {
        let source = Arc::new(self.text(family)?);
        let ruleset = save::parse(&source, family).map_err(|error| {
            let kind = &error.kind;
            Diagnostic::error(kind.code(), kind.to_string()).at(&source, error.span, "").help(kind.help())
        })?;
        let verbatim = Arc::ptr_eq(ruleset.source(), &source);
        let mut diagnostics: Vec<Diagnostic> = other_family(&ruleset).into_iter().collect();
        diagnostics.extend(self.empty(&source, family)?);
        if let Self::Snapshot(snapshot) = self {
            diagnostics.extend(snapshot.warning(family));
        }
        Ok(Read { ruleset, verbatim, diagnostics })
    }

    fn empty(&self, source: &SourceFile, family: Family) -> Result<Option<Diagnostic>, Diagnostic> {
        if !source.is_empty() || !matches!(self, Self::Stdin) || !is_piped() {
            return Ok(None);
        }
        let diagnostic = empty_pipe(family);
        if diagnostic.severity == Severity::Error { Err(diagnostic) } else { Ok(Some(diagnostic)) }
    }

    fn text(&self, family: Family) -> Result<SourceFile, Stop> {
        let (name, bytes) = match self {
            Self::Live(folder) => live::read(family, folder.as_deref())?,
            Self::File(path) => (path.display().to_string(), file(path)?),
            Self::Stdin => ("<stdin>".to_owned(), stdin()?),
            Self::Read(name, text) => ((*name).to_owned(), text.clone()),
            Self::Sample(sample) => (sample.name.to_owned(), capture(sample, family)?),
            Self::Snapshot(snapshot) => ("<snapshot>".to_owned(), snapshot.text(family)?),
        };
        Ok(SourceFile::from_bytes(name, bytes)
            .map_err(|error| Diagnostic::error("unreadable-input", error.to_string()))?)
    }
}

/// Reads a file into a buffer of its size: a ruleset may have 100 MB.
pub(super) fn file(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    std::fs::read(path).map_err(|error| unreadable(&path.display().to_string(), &error))
}

pub(super) fn unreadable(name: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::error("unreadable-input", format!("`{name}` cannot be read: {error}"))
}

fn stdin() -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(|error| unreadable("<stdin>", &error))?;
    Ok(bytes)
}

/// What is to be said of an empty pipe. An empty dump is a ruleset, but a failed run leaves one too, and going on would
/// give a ruleset without Docker's rules. A Docker host's IPv4 rules are never none; its IPv6 rules often are.
fn empty_pipe(family: Family) -> Diagnostic {
    let (severity, help) = match family {
        Family::Ipv4 => (Severity::Error, "for a ruleset without any rules give `--input /dev/null`"),
        Family::Ipv6 => (Severity::Warning, "this is right where `ip6tables-save` prints nothing"),
    };
    Diagnostic::new(severity, "empty-input", "nothing came in on standard input")
        .note("a run that fails prints no ruleset: see whether the program before the pipe did")
        .help(help)
}

/// Whether standard input is no file or device that someone chose.
fn is_piped() -> bool {
    let handle = io::stdin().as_fd().try_clone_to_owned();
    let kind = handle.and_then(|handle| File::from(handle).metadata()).map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| !kind.is_file() && !kind.is_char_device())
}

fn capture(sample: &Sample, family: Family) -> Result<Vec<u8>, Diagnostic> {
    let text = sample.text(family).ok_or_else(|| {
        Diagnostic::error("unknown-sample", format!("`{}` has no {} capture", sample.name, family.as_str()))
            .help("`--sample list` says which families a capture has")
    })?;
    Ok(text.as_bytes().to_vec())
}

/// The capture called `name`.
pub(super) fn sample(name: &str) -> Result<&'static Sample, Diagnostic> {
    Sample::find(name).ok_or_else(|| {
        let unknown = Diagnostic::error("unknown-sample", format!("there is no capture `{name}`"));
        let near = did_you_mean(name, SAMPLES.iter().map(|sample| sample.name));
        let unknown =
            near.iter().fold(unknown, |unknown, near| unknown.help(format!("did you mean `{near}`?")));
        unknown.help("`--sample list` names them")
    })
}

/// A warning where the head of a dump says that it is of the other family.
fn other_family(ruleset: &Ruleset) -> Option<Diagnostic> {
    let source = ruleset.source();
    let head = source.line_span(1);
    let (program, option) = match ruleset.family() {
        Family::Ipv4 => ("Generated by ip6tables-save", "with -6"),
        Family::Ipv6 => ("Generated by iptables-save", "without -6"),
    };
    let at = source.slice(head).find(program)?;
    let start = head.start + u32::try_from(at).ok()?;
    let span = Span::new(start, start + u32::try_from(program.len()).ok()?);
    let message = format!("this is not an {} ruleset", ruleset.family().as_str());
    Some(Diagnostic::warning("other-family", message).at(source, span, "").help(format!("run this {option}")))
}
