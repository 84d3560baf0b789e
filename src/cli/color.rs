//! Whether to use colours, for each stream apart.

use std::io;

use anstream::AutoStream;
use anstream::ColorChoice as Choice;

use super::args::ColorChoice;
use crate::diagnostic::Style;

/// The style of each standard stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colors {
    pub(super) stdout: Style,
    pub(super) stderr: Style,
}

impl Colors {
    /// The styles that `choice` means: by itself, a terminal that `NO_COLOR` and `TERM=dumb` do not speak against.
    pub(super) fn new(choice: ColorChoice) -> Self {
        let both = |style| Self { stdout: style, stderr: style };
        match choice {
            ColorChoice::Always => both(Style::Coloured),
            ColorChoice::Never => both(Style::Plain),
            ColorChoice::Auto => Self {
                stdout: style(AutoStream::choice(&io::stdout())),
                stderr: style(AutoStream::choice(&io::stderr())),
            },
        }
    }
}

const fn style(choice: Choice) -> Style {
    match choice {
        Choice::Never => Style::Plain,
        Choice::Auto | Choice::Always | Choice::AlwaysAnsi => Style::Coloured,
    }
}
