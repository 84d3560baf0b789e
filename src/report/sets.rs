//! What changes in a set of addresses, and sets as text for `ipset restore`.

use std::io::{self, Write};

use super::diff::{ADDED, HEADER, REMOVED};
use crate::diagnostic::Style;
use crate::model::Origin;
use crate::model::ipset::Entry;
use crate::save::ipset::{self, Content};
use crate::script::IpSet;

/// How many entries are shown of those that come, and of those that go.
const SHOWN: usize = 5;

/// What changes in a set.
#[derive(Debug)]
pub struct SetDiff<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its family.
    pub family: &'static str,
    /// `new`, `changed` or `gone`.
    pub kind: &'static str,
    /// The entries that come.
    pub added: &'s [Entry],
    /// The entries that go.
    pub removed: &'s [Entry],
    /// The script line that declares it.
    pub origin: Option<&'s Origin>,
}

/// Writes what changes in a set: how many entries, and a few of them.
///
/// # Errors
/// What `out` answers.
pub fn write_diff(diff: &SetDiff<'_>, style: Style, out: &mut impl Write) -> io::Result<()> {
    let plain = anstyle::Style::new();
    let paint = |wanted| if style == Style::Coloured { wanted } else { plain };
    let SetDiff { name, family, kind, added, removed, origin } = diff;
    let header = paint(HEADER);
    let mark = origin.filter(|origin| origin.line > 0);
    let mark = mark.map(|origin| format!("  # {}:{}", origin.script.name(), origin.line)).unwrap_or_default();
    writeln!(
        out,
        "{header}ipset {name} ({family}, {kind}): +{} -{} entries{header:#}{mark}",
        added.len(),
        removed.len()
    )?;
    for (sign, entries, colour) in [('-', removed, paint(REMOVED)), ('+', added, paint(ADDED))] {
        for entry in entries.iter().take(SHOWN) {
            writeln!(out, "{colour}{sign}{entry}{colour:#}")?;
        }
        if entries.len() > SHOWN {
            writeln!(out, "{colour}{sign}… {} more{colour:#}", entries.len() - SHOWN)?;
        }
    }
    Ok(())
}

/// Writes the sets that scripts declared as text for `ipset -exist restore`: each then holds this and nothing else.
///
/// # Errors
/// What `out` answers.
pub fn write_text(sets: &[IpSet], out: &mut impl Write) -> io::Result<()> {
    for set in sets {
        let mut text = Vec::new();
        let content = Content { family: set.family, entries: set.entries.clone() };
        ipset::write(&set.name, &content, &mut text)?;
        let end = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| end + 1);
        let (create, add) = text.split_at_checked(end).unwrap_or((&text, &[]));
        out.write_all(create)?;
        writeln!(out, "flush {}", set.name)?;
        out.write_all(add)?;
    }
    Ok(())
}
