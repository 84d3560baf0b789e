//! `dwscript api`: all that a script can call.

use super::output;
use super::status::Status;
use crate::script;

pub(super) fn run() -> Status {
    output::print(&script::reference())
}
