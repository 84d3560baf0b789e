//! `dwscript snapshot`: a host in one file, and reading it again.

mod capture;
mod file;

use serde_json::ser::PrettyFormatter;

use super::args::SnapshotArgs;
use super::output::{self, Destination};
use super::status::{Status, Stop, needs_root};
use crate::diagnostic::Style;

pub(super) use capture::facts;
pub(super) use file::Snapshot;

pub(super) fn run(args: &SnapshotArgs) -> Status {
    match write(args) {
        Ok(()) => Status::Done,
        Err(stop) => {
            output::say(&stop.diagnostics, Style::Plain);
            stop.status
        }
    }
}

fn write(args: &SnapshotArgs) -> Result<(), Stop> {
    needs_root("`dwscript snapshot`")?;
    let (snapshot, warnings) = capture::host(args.iptables_dir.as_deref())?;
    let destination = match args.output.as_os_str().to_str() {
        Some("-") => Destination::Stdout,
        _ => Destination::File(args.output.clone()),
    };
    destination.write(|out| {
        let mut printer = serde_json::Serializer::with_formatter(&mut *out, PrettyFormatter::new());
        serde::Serialize::serialize(&snapshot, &mut printer)?;
        out.write_all(b"\n")
    })?;
    output::say(&warnings, Style::Plain);
    Ok(())
}
