//! `-j SYNPROXY`: answers TCP handshakes in a server's place.

use crate::model::extension::{Extension, HookSet, OptionSpec};
use crate::model::names::Hook;
use crate::model::value::{Argument, Custom, Number, Samples, Sink, SpecErrorKind, Value, protocol};

pub(super) static SYNPROXY: Extension = Extension {
    protocols: &[protocol::TCP],
    hooks: HookSet::of(&[Hook::Input, Hook::Forward]),
    options: &[
        OptionSpec::new("sack-perm", Value::Nothing),
        OptionSpec::new("timestamp", Value::Nothing),
        OptionSpec::new("wscale", Value::Custom(&SCALE)),
        OptionSpec::new("mss", Value::Custom(&SEGMENT)),
        OptionSpec::new("ecn", Value::Nothing),
    ],
    ..Extension::target("SYNPROXY")
};

static SCALE: Custom = Custom {
    words: 1,
    read: |argument, out| read(argument, 0xff, out),
    samples: Samples::Either(&["0", "7", "14"]),
};
static SEGMENT: Custom = Custom {
    words: 1,
    read: |argument, out| read(argument, 0xffff, out),
    samples: Samples::Either(&["536", "1460"]),
};

/// A number of which only the bits of `mask` are kept.
fn read(argument: &Argument<'_>, mask: u64, out: &mut Sink<'_>) -> Result<(), SpecErrorKind> {
    out.push_number(Number::U32.of(argument)? & mask);
    Ok(())
}
