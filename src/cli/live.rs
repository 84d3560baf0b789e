//! The live ruleset, as the host's own `iptables-save` prints it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::diagnostic::Diagnostic;
use crate::model::Family;

/// Where administrators' programs are; `PATH` is not asked, as what runs here runs as root.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

const HELP: &str =
    "a dump can be given by --input FILE, a built-in capture by --sample NAME: both need no root";

/// Reads the live ruleset of a family; the answer begins with the name that messages call it by.
pub(super) fn read(family: Family, folder: Option<&Path>) -> Result<(String, Vec<u8>), Diagnostic> {
    let name = match family {
        Family::Ipv4 => "iptables-save",
        Family::Ipv6 => "ip6tables-save",
    };
    let program = find(name, folder)?;
    if !is_root() {
        let message = format!("reading the live ruleset with `{name}` needs root");
        return Err(Diagnostic::error("needs-root", message).help(HELP));
    }
    let output =
        Command::new(&program).env("LC_ALL", "C").stdin(Stdio::null()).output().map_err(|error| {
            Diagnostic::error("no-live-ruleset", format!("`{}` cannot be run: {error}", program.display()))
                .help(HELP)
        })?;
    judge(name, &output)?;
    Ok((name.to_owned(), output.stdout))
}

fn find(name: &str, folder: Option<&Path>) -> Result<PathBuf, Diagnostic> {
    let folders: Vec<&Path> =
        folder.map_or_else(|| FOLDERS.iter().map(Path::new).collect(), |folder| vec![folder]);
    let found = folders.iter().map(|folder| folder.join(name)).find(|program| program.is_file());
    found.ok_or_else(|| {
        let places: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        let message = format!("there is no `{name}` in {}", places.join(", "));
        let missing = Diagnostic::error("no-iptables", message).help(HELP);
        missing.help("to read the live ruleset install iptables, or say where it is by --iptables-dir DIR")
    })
}

/// The effective user owns `/proc/self`.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Refuses what is no whole ruleset.
fn judge(name: &str, output: &Output) -> Result<(), Diagnostic> {
    let words = String::from_utf8_lossy(&output.stderr);
    let words = words.trim();
    if !output.status.success() {
        let message = format!("`{name}` failed: {}", output.status);
        let failed = Diagnostic::error("no-live-ruleset", message);
        return Err(words.lines().fold(failed, super::super::diagnostic::Diagnostic::note).help(HELP));
    }
    if words.contains("legacy tables present") {
        let message = format!("`{name}` shows only half of the rules: others are in the legacy tables");
        return Err(Diagnostic::error("incomplete-dump", message)
            .note(words)
            .help("move all rules to one backend, or read one of them: `iptables-legacy-save >FILE` and --input FILE"));
    }
    Ok(())
}

/// The names of the interfaces of this network namespace; none where the kernel does not tell.
///
/// Source: `/proc/self/net/dev`, proc(5): two lines of headings, then a line for each interface that begins `NAME:`.
pub(super) fn interfaces() -> Vec<String> {
    let text = std::fs::read_to_string("/proc/self/net/dev").unwrap_or_default();
    let names = text.lines().skip(2).filter_map(|line| line.split_once(':'));
    names.map(|(name, _)| name.trim().to_owned()).collect()
}
