//! Which Docker Engine a lab runs: this machine's, or one of a newer Debian suite.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::process::{find, run, text};
use crate::support::skip::Skip;

/// A Docker Engine to test with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Engine {
    /// The one that is installed (20.10 on Debian 12).
    #[default]
    Installed,
    /// Debian trixie's: 26.1, the last layout without DOCKER-FORWARD and with IPv6 off.
    Trixie,
    /// Debian sid's: 28.5 when this was written. Tell its layout from its chains.
    Sid,
}

impl Engine {
    /// The folder of the engine's programs, or `None` for the installed one.
    ///
    /// Another suite's programs are unpacked below the build directory, once for all runs.
    pub(crate) fn folder(self) -> Result<Option<PathBuf>, Skip> {
        static TRIXIE: OnceLock<Result<PathBuf, Skip>> = OnceLock::new();
        static SID: OnceLock<Result<PathBuf, Skip>> = OnceLock::new();
        let fetched = match self {
            Self::Installed => return find("dockerd").map(|_| None),
            Self::Trixie => TRIXIE.get_or_init(|| fetch("trixie")),
            Self::Sid => SID.get_or_init(|| fetch("sid")),
        };
        fetched.clone().map(Some)
    }
}

/// A script of `tests/lab`.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab").join(name)
}

fn fetch(suite: &str) -> Result<PathBuf, Skip> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("engine-{suite}"));
    let output = run(Command::new(script("fetch-engine.sh")).arg(suite).arg(folder), b"");
    if output.status.success() {
        return Ok(PathBuf::from(text(&output.stdout).trim()));
    }
    let words = text(&output.stderr);
    let last = words.lines().last().unwrap_or("no message").trim();
    Err(Skip::because(format!("cannot fetch the Docker Engine of Debian {suite}: {last}")))
}
