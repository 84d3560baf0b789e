//! The hidden subcommand that is the guard of a run.

use super::args::GuardArgs;
use super::output;
use super::status::Status;
use crate::apply;
use crate::diagnostic::Style;

pub(super) fn run(args: &GuardArgs) -> Status {
    match apply::guard(&args.state.state_dir, args.id) {
        Ok(_) => Status::Done,
        Err(diagnostic) => {
            output::say(&[diagnostic], Style::Plain);
            Status::Failed
        }
    }
}
