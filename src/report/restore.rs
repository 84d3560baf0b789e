//! The ruleset as iptables-restore text.

use std::io::{self, Write};

use crate::check::Checked;
use crate::save;

/// Writes the whole ruleset; what no script edited comes out byte for byte as it was read.
///
/// # Errors
/// What `out` answers.
pub fn write(checked: &Checked, out: &mut impl Write) -> io::Result<()> {
    save::write(checked.ruleset(), out)
}
