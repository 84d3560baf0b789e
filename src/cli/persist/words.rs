//! The words of the commands that run at boot.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::args::{PersistArgs, ScriptArgs};
use crate::diagnostic::Diagnostic;

/// The path of this program.
pub(super) fn program() -> Result<PathBuf, Diagnostic> {
    std::env::current_exe().and_then(fs::canonicalize).map_err(|error| {
        Diagnostic::error("no-program", format!("the path of this program cannot be found: {error}"))
            .help("is it still there?")
    })
}

/// The words behind `dwscript persist --run`, which the unit runs.
pub(super) fn run(args: &PersistArgs, scripts: &[PathBuf], given: &ScriptArgs) -> Vec<OsString> {
    let mut words = vec!["persist".into(), "--run".into()];
    words.extend(job(args, scripts, given));
    words
}

/// The words behind `dwscript persist --run-early`, which the early unit runs.
pub(super) fn run_early(args: &PersistArgs) -> Vec<OsString> {
    let mut words = vec!["persist".into(), "--run-early".into()];
    words.extend(host(args));
    words
}

/// The words behind `dwscript` that apply the scripts.
pub(super) fn apply(args: &PersistArgs) -> Vec<OsString> {
    let mut words = job(args, &args.scripts, &args.script);
    words.extend(["--apply", "--no-confirm", "--color", "never"].map(OsString::from));
    words
}

fn job(args: &PersistArgs, scripts: &[PathBuf], given: &ScriptArgs) -> Vec<OsString> {
    let mut words: Vec<OsString> = scripts.iter().map(OsString::from).collect();
    let mut option = |name: &str, value: &OsStr| words.extend([name.into(), value.to_owned()]);
    given.params.iter().for_each(|path| option("--params", path.as_os_str()));
    given.libraries.iter().for_each(|path| option("--library", path.as_os_str()));
    option("--time-limit", given.time_limit.to_string().as_ref());
    args.owner.owner.iter().for_each(|owner| option("--owner", owner.as_ref()));
    args.levels.warn.iter().for_each(|code| option("--warn", code.as_ref()));
    args.levels.allow.iter().for_each(|code| option("--allow", code.as_ref()));
    args.levels.deny.iter().for_each(|code| option("--deny", code.as_ref()));
    let flags = [
        (args.owner.no_tag, "--no-tag"),
        (args.owner.adopt, "--adopt"),
        (args.input.ipv4, "-4"),
        (args.input.ipv6, "-6"),
    ];
    words.extend(flags.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag.into()));
    words.extend(host(args));
    words
}

/// What the host is read and written by.
fn host(args: &PersistArgs) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    if let Some(folder) = &args.input.iptables_dir {
        words.extend(["--iptables-dir".into(), absolute(folder).into()]);
    }
    words.extend(["--state-dir".into(), absolute(&args.state.state_dir).into()]);
    words
}

/// A path that means the same from any folder.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
