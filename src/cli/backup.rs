//! `dwscript backup` and `dwscript restore`: whole rulesets, the tutorial's own way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{BackupArgs, RestoreArgs};
use super::input;
use super::output::{self, Destination};
use super::status::{Status, Stop, needs_root};
use crate::apply::{Host, StateDir, load, parse};
use crate::delta::{self, View};
use crate::diagnostic::{Diagnostic, Style};
use crate::model::{Family, Ruleset, TableName};
use crate::save;
use crate::source::SourceFile;

/// The most rules that are named.
const NAMED: usize = 5;

pub(super) fn backup(args: &BackupArgs) -> Status {
    ended(write_backup(args))
}

pub(super) fn restore(args: &RestoreArgs) -> Status {
    ended(load_backup(args))
}

fn ended(done: Result<String, Stop>) -> Status {
    match done {
        Ok(text) => output::print(&text),
        Err(stop) => {
            output::say(&stop.diagnostics, Style::Plain);
            stop.status
        }
    }
}

fn families(ipv4: bool, ipv6: bool) -> &'static [Family] {
    match (ipv4, ipv6) {
        (true, true) => &[Family::Ipv4, Family::Ipv6],
        (false, true) => &[Family::Ipv6],
        (_, false) => &[Family::Ipv4],
    }
}

/// The file of a family: with both, FILE.v4 and FILE.v6.
fn file_of(path: &Path, family: Family, both: bool) -> PathBuf {
    if !both {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(if family == Family::Ipv4 { ".v4" } else { ".v6" });
    name.into()
}

fn write_backup(args: &BackupArgs) -> Result<String, Stop> {
    needs_root("`dwscript backup`")?;
    let families = families(args.live.ipv4, args.live.ipv6);
    let host = Host::read(args.live.iptables_dir.as_deref(), families)?;
    let mut said = String::new();
    for found in &host.families {
        let path = file_of(&args.output, found.family, families.len() > 1);
        Destination::File(path.clone()).write(|out| out.write_all(&found.dump.raw))?;
        let line =
            format!("{}: the {} rules of backend {}\n", path.display(), found.family.as_str(), host.backend);
        said.push_str(&line);
    }
    Ok(said)
}

fn load_backup(args: &RestoreArgs) -> Result<String, Stop> {
    needs_root("`dwscript restore`")?;
    let state = StateDir::open(&args.state.state_dir)?;
    let lock = state.lock()?;
    let families = families(args.live.ipv4, args.live.ipv6);
    let host = Host::read(args.live.iptables_dir.as_deref(), families)?;
    let mut planned = Vec::new();
    // All dumps are read and judged before the first change.
    for found in &host.families {
        let path = file_of(&args.file, found.family, families.len() > 1);
        let live = parse(found.family, found.dump.text.clone())?;
        let dump = completed(&read(&path, found.family)?, &found.dump.text)?;
        refuse_loss(&path, &live, &dump, args.wipe)?;
        planned.push((found, live, dump));
    }
    let mut lines = 0;
    for (found, live, dump) in &planned {
        lines += load(found.family, &found.tools, live, dump, &lock)?;
    }
    Ok(if lines == 0 { "nothing to do\n".to_owned() } else { format!("restored: {lines} lines\n") })
}

fn read(path: &Path, family: Family) -> Result<Ruleset, Diagnostic> {
    let source = SourceFile::from_bytes(path.display().to_string(), input::file(path)?)
        .map_err(|error| Diagnostic::error("unreadable-input", error.to_string()))?;
    let source = Arc::new(source);
    save::parse(&source, family).map_err(|error| {
        let kind = &error.kind;
        Diagnostic::error(kind.code(), kind.to_string()).at(&source, error.span, "").help(kind.help())
    })
}

/// The dump, with the tables of the live ruleset that it does not name: iptables-restore leaves them alone too.
fn completed(dump: &Ruleset, live: &[u8]) -> Result<Ruleset, Diagnostic> {
    let mut text = Vec::new();
    save::write_canonical(dump, &mut text)
        .map_err(|error| Diagnostic::error("unreadable-input", error.to_string()))?;
    let mut is_missing = false;
    for line in live.split_inclusive(|byte| *byte == b'\n') {
        if let Some(name) = line.strip_prefix(b"*") {
            let name = TableName::parse(String::from_utf8_lossy(name).trim());
            is_missing = name.is_some_and(|name| dump.table(name).block().is_none());
        }
        if is_missing {
            text.extend_from_slice(line);
        }
    }
    parse(dump.family(), text)
}

/// Refuses to take rules out that the dump does not hold: Docker made some of them since.
fn refuse_loss(path: &Path, live: &Ruleset, dump: &Ruleset, wipe: bool) -> Result<(), Diagnostic> {
    if wipe {
        return Ok(());
    }
    let delta = delta::between(View::result(dump), View::result(live));
    let lines =
        delta.tables().iter().flat_map(|table| table.lines().iter().map(move |line| (table.name(), line)));
    let lost = lines.filter(|(_, line)| matches!(line.get(..2), Some(b"-A" | b"-I" | b"-N")));
    let lost: Vec<(TableName, String)> =
        lost.map(|(table, line)| (table, String::from_utf8_lossy(line).into_owned())).collect();
    if lost.is_empty() {
        return Ok(());
    }
    let message = format!("`{}` lacks {} rules or chains that are live", path.display(), lost.len());
    let refused = Diagnostic::error("would-wipe", message);
    let refused = lost
        .iter()
        .take(NAMED)
        .fold(refused, |refused, (table, line)| refused.note(format!("in table {table}: `{line}`")));
    Err(refused
        .help("if they are to go, give --wipe; to undo what a script did, `dwscript revert` keeps them"))
}
