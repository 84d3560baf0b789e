//! The changes as the smallest text for `iptables-restore --noflush`, and the way back.

use std::io::{self, Write};

use crate::check::Checked;
use crate::delta::{self, Delta};
use crate::model::Family;

/// Writes what turns the ruleset that was read into the result; nothing where nothing changes.
///
/// # Errors
/// What `out` answers.
pub fn write(checked: &Checked, out: &mut impl Write) -> io::Result<()> {
    write_delta(&delta::forward(checked.ruleset()), "the delta", checked, out)
}

/// Writes what turns the result back into the ruleset that was read; nothing where nothing changes.
///
/// # Errors
/// What `out` answers.
pub fn write_inverse(checked: &Checked, out: &mut impl Write) -> io::Result<()> {
    write_delta(&delta::inverse(checked.ruleset()), "the way back", checked, out)
}

fn write_delta(delta: &Delta, what: &str, checked: &Checked, out: &mut impl Write) -> io::Result<()> {
    if delta.is_empty() {
        return Ok(());
    }
    let program = match checked.ruleset().family() {
        Family::Ipv4 => "iptables-restore",
        Family::Ipv6 => "ip6tables-restore",
    };
    writeln!(out, "# {what}: load it with `{program} --noflush`")?;
    delta.write(out)
}
